/* bare_post.c - the yardstick: what libcurl alone can post to the same sink, with the same bodies and as many requests
 * in flight, in one loop of one process that keeps nothing.
 *
 *     bare_post URL COUNT BYTES IN_FLIGHT
 *
 * Prints "seconds", "per_s" and "cpu_us".
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t swallow(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes, (void)context;
    return size * count;
}

static CURL *easy_make(const char *url, const char *body, size_t bytes, struct curl_slist *headers)
{
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)bytes);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
    return easy;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "bare_post URL COUNT BYTES IN_FLIGHT\n");
        return 2;
    }
    size_t count = strtoull(argv[2], NULL, 10), bytes = strtoull(argv[3], NULL, 10), begun = 0, done = 0;
    int width = (int)strtol(argv[4], NULL, 10), running, left;
    char *body = malloc(bytes + 1);
    curl_global_init(CURL_GLOBAL_ALL);
    CURLM *multi = curl_multi_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    if (!body || !multi || !headers)
        return 1;
    memset(body, 'x', bytes);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)width);

    double start_s = now_s();
    for (; begun < count && begun < (size_t)width; begun++)
        curl_multi_add_handle(multi, easy_make(argv[1], body, bytes, headers));
    while (done < count) {
        curl_multi_perform(multi, &running);
        for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
            if (message->msg != CURLMSG_DONE)
                continue;
            CURL *easy = message->easy_handle;
            long status = 0;
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
            if (message->data.result != CURLE_OK || status != 200) {
                fprintf(stderr, "%s, status %ld\n", curl_easy_strerror(message->data.result), status);
                return 1;
            }
            done++;
            curl_multi_remove_handle(multi, easy);
            if (begun++ < count)
                curl_multi_add_handle(multi, easy);
            else
                curl_easy_cleanup(easy);
        }
        if (done < count)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    double seconds = now_s() - start_s;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("seconds %.6f\nper_s %.0f\ncpu_us %lld\n", seconds, (double)count / seconds,
           (long long)usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec
               + (long long)usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec);
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    free(body);
    return 0;
}
