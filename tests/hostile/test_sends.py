"""Every message that the broker sends cannot be sent, once: the n-th since its start, for every n of one conversation,
as a ROUTER refuses it (EAGAIN: queue full; EHOSTUNREACH: the peer has gone). Whoever repeats what was not answered, as
the protocol says, ends where he would have ended: one handoff, delivered once, told."""
import errno
import os

import lienthong_pb2 as pb
import pytest
from gateway import BUILD, COUNTER, WARD, wait_for
from wire import Refusal, Silence
from words import KIND, PROBLEM, RECEIVER, SENDER, STATE, VERDICT

LIBRARY = os.path.join(BUILD, "hostile", "sends.so")
TRIES, SENDS_MAX = 8, 200


class Peer:
    """Repeats what was not answered; says HELLO again where he is told to, or in a new connection."""

    def __init__(self, gateway, code, roles, **how):
        self.gateway, self.code, self.roles, self.how, self.link = gateway, code, roles, how, None

    def until(self, question):
        """The answer of `question(link)`; None and silence are no answer."""
        for _ in range(TRIES):
            try:
                if not self.link:
                    self.link = self.gateway.link(self.code, hello=False)
                    self.link.hello(self.roles, seconds=1, **self.how)
                answer = question(self.link)
                if answer is not None:
                    return answer
            except Silence:
                pass
            except Refusal as refusal:
                assert refusal.type == PROBLEM.NO_HELLO
            if self.link:
                self.link.close()
            self.link = None
        raise AssertionError("repeating does not help")

    def close(self):
        if self.link:
            self.link.close()


def next_notice(link, handoff_id):
    link.follow()
    while notice := link.next("notice", 1):
        link.acknowledge(notice.event_seq)
        if notice.handoff_id == handoff_id and notice.state == STATE.DELIVERED:
            return notice
    return None


def state_of(gateway, handoff_id):
    """As the operator sees it, who asks once more when he is not answered."""
    try:
        return gateway.state(handoff_id)
    except AssertionError:
        return gateway.state(handoff_id)


def converse(gateway):
    """One handoff from its SUBMIT to its notice."""
    sender, receiver = Peer(gateway, COUNTER, SENDER), Peer(gateway, WARD, RECEIVER, credit=4)
    dossier = gateway.dossier()
    header = sender.until(lambda link: link.header(recipient=WARD, dossier_code=dossier, kind=KIND.FORWARD))
    accepted = sender.until(lambda link: link.answer_to(link.put_submit(header), 1))
    same = sender.until(lambda link: link.answer_to(link.put_submit(header), 1))
    assert same.handoff_id == accepted.handoff_id and same.duplicate
    attempts = []

    def deliver_and_answer(link):
        delivered = link.deliver(1)
        if delivered:
            assert delivered.handoff_id == accepted.handoff_id
            attempts.append(delivered.attempt)
            return link.answer_to(link.put_outcome(delivered, VERDICT.DELIVERED), 1)
        # Its answer is what was lost, so it is not given again.
        return True if state_of(gateway, accepted.handoff_id) == STATE.DELIVERED else None

    receiver.until(deliver_and_answer)
    assert attempts == sorted(set(attempts)), "an attempt is given once"
    sender.until(lambda link: next_notice(link, accepted.handoff_id))
    found = sender.until(lambda link: link.ask("track", pb.Track(code=dossier), 1))
    assert [entry.handoff_id for entry in found.handoffs] == [accepted.handoff_id]
    receiver.until(lambda link: link.ping(seconds=1))
    assert receiver.link.deliver(0.05) is None, "it was delivered once more"
    wait_for(lambda: state_of(gateway, accepted.handoff_id) == STATE.DELIVERED, 5, "it is delivered")
    sender.close()
    receiver.close()


def start_with(gateway, monkeypatch, n, error, said):
    """False: it did not start, and said so."""
    with monkeypatch.context() as environment:
        for name, value in (("LD_PRELOAD", LIBRARY), ("SENDS_FAIL", n), ("SENDS_ERROR", error), ("SENDS_SAID", said)):
            environment.setenv(name, str(value))
        try:
            gateway.start_broker()
            return True
        except AssertionError:
            assert "not-started" in gateway.read(gateway.broker_log)
            assert os.path.exists(said)
            gateway.broker = None
            return False


@pytest.mark.long
@pytest.mark.parametrize("error", [errno.EAGAIN, errno.EHOSTUNREACH], ids=["full", "gone"])
def test_the_nth_message_cannot_be_sent(gateway, monkeypatch, capsys, error):
    said = gateway.path("said")
    only = int(os.environ.get("NTH", "0"))
    failed = []
    for n in [only] if only else range(1, SENDS_MAX):
        if os.path.exists(said):
            os.unlink(said)
        if not start_with(gateway, monkeypatch, n, error, said):
            gateway.start_broker()
        try:
            converse(gateway)
        except AssertionError as wrong:
            raise AssertionError(f"NTH={n} ({errno.errorcode[error]}): {wrong}") from wrong
        assert gateway.broker.poll() is None
        assert gateway.stop_broker() == 0
        if not os.path.exists(said):
            break
        failed.append(gateway.read(said).split()[1])
    with capsys.disabled():
        print(f"\n    {len(failed)} sends failed one after the other, {errno.errorcode[error]}", flush=True)
    assert only or len(failed) > 15 and n < SENDS_MAX - 1
    assert gateway.cli("check-store", "--json")["faults"] == []
