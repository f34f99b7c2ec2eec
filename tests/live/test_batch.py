"""BATCH, spoken by the second implementation: many frames in one, each as if it had come alone. And who announced
nothing gets none."""
import lienthong_pb2 as pb

from gateway import COUNTER, POLICE, TAX
from wire import Link
from words import KIND, PROBLEM, RECEIVER, SENDER, VERDICT

TAKEN = 32                      # what the gateway announces


class BatchLink(Link):
    """Takes batches apart, and remembers how many frames each held."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.sizes, self.apart = [], []

    def receive(self, seconds):
        if self.apart:
            return self.apart.pop(0)
        envelope = super().receive(seconds)
        if envelope and envelope.WhichOneof("body") == "batch":
            self.sizes.append(len(envelope.batch.frames))
            assert all(frame[0] == 1 for frame in envelope.batch.frames), "each with its version byte"
            self.apart = [pb.Envelope.FromString(frame[1:]) for frame in envelope.batch.frames]
            return self.apart.pop(0)
        return envelope

    def greet(self, roles, batch, credit=0):
        self.welcome = self.ask("hello", pb.Hello(protocol=1, roles=roles, batch=batch, credit=credit))
        return self.welcome

    def submits(self, count, to, gateway):
        """Frames of so many SUBMITs, and their correlations."""
        frames = []
        for _ in range(count):
            self.correlation += 1
            header = self.header(recipient=to, dossier_code=gateway.dossier(), kind=KIND.FORWARD)
            submit = pb.Submit(header=header.SerializeToString(), payload=b"{}")
            frames.append(b"\x01" + pb.Envelope(correlation=self.correlation, submit=submit).SerializeToString())
        return frames, list(range(self.correlation - count + 1, self.correlation + 1))

    def send_batch(self, frames):
        self.send_raw(b"\x01" + pb.Envelope(batch=pb.Batch(frames=frames)).SerializeToString())


def link_of(gateway, code):
    link = BatchLink(gateway.endpoint, gateway.path("keys/gateway.public"), gateway.path(f"keys/{code}.secret"))
    gateway.links.append(link)
    return link


def bodies(link, count):
    return [link._until(lambda envelope: True, 10) for _ in range(count)]


def test_a_batch_is_its_frames_one_after_the_other(running):
    counter, police = link_of(running, COUNTER), link_of(running, POLICE)
    assert counter.greet(SENDER, 256).batch == TAKEN
    police.greet(RECEIVER, 3, credit=100)
    frames, _ = counter.submits(TAKEN, POLICE, running)
    counter.send_batch(frames)
    accepted = [envelope.accepted for envelope in bodies(counter, TAKEN)]
    assert [one.message_id for one in accepted] == [
        pb.Header.FromString(pb.Envelope.FromString(frame[1:]).submit.header).message_id for frame in frames], \
        "all are answered, in their order"
    assert counter.sizes and max(counter.sizes) > 3, "the answers came in batches"
    wanted = {one.handoff_id for one in accepted}
    while wanted:                                       # as many at a time as the directory lets be under way
        delivered = [police.deliver()]
        while more := police.deliver(0.3):
            delivered.append(more)
        asked = [police.correlation + number for number in range(1, len(delivered) + 1)]
        police.correlation = asked[-1]
        police.send_batch([b"\x01" + pb.Envelope(correlation=number, outcome=pb.Outcome(
            handoff_id=one.handoff_id, attempt=one.attempt, verdict=VERDICT.DELIVERED,
            content_hash=one.routing.content_hash)).SerializeToString() for number, one in zip(asked, delivered)])
        for one in delivered:
            wanted.remove(one.handoff_id)
        answers = [police.answer_to(number) for number in asked]
        assert [answer.handoff_id for answer in answers] == [one.handoff_id for one in delivered]
    assert police.sizes and max(police.sizes) <= 3, "no more in one than was announced"
    police.close(), counter.close()


def test_who_announced_nothing_gets_single_frames(running):
    counter, tax = link_of(running, COUNTER), link_of(running, TAX)
    counter.greet(SENDER, 0)
    tax.greet(RECEIVER, 0, credit=50)
    frames, _ = counter.submits(20, TAX, running)
    counter.send_batch(frames)
    assert all(envelope.HasField("accepted") for envelope in bodies(counter, 20))
    for _ in range(20):
        tax.outcome(tax.deliver(), VERDICT.DELIVERED)
    assert not counter.sizes and not tax.sizes
    tax.close(), counter.close()


def test_each_frame_stands_for_itself(running):
    """Nonsense in the middle is refused and the rest is taken; the same message twice is a duplicate."""
    counter = link_of(running, COUNTER)
    counter.greet(SENDER, 256)
    (first, second), (one, two) = counter.submits(2, TAX, running)
    inner = b"\x01" + pb.Envelope(batch=pb.Batch(frames=[first])).SerializeToString()
    ping = b"\x01" + pb.Envelope(correlation=900, ping=pb.Ping(stamp_ms=5)).SerializeToString()
    counter.send_batch([first, b"\x01\xff\xff", first, inner, ping, second])
    said = bodies(counter, 6)
    refused = [envelope.refused.type for envelope in said if envelope.HasField("refused")]
    assert sorted(refused) == sorted([PROBLEM.MALFORMED, PROBLEM.TOO_LARGE]), "the nonsense, and the batch in the batch"
    accepted = [envelope for envelope in said if envelope.HasField("accepted")]
    assert [envelope.correlation for envelope in accepted] == [one, one, two]
    assert [envelope.accepted.duplicate for envelope in accepted] == [False, True, False]
    assert accepted[0].accepted.handoff_id == accepted[1].accepted.handoff_id
    assert [envelope.correlation for envelope in said if envelope.HasField("pong")] == [900]
    counter.close()


def test_a_batch_past_its_bounds_is_refused_whole(running):
    counter = link_of(running, COUNTER)
    counter.send_batch([b"\x01\x0a"])
    assert counter.next("refused").type == PROBLEM.NO_HELLO
    counter.greet(SENDER, 256)
    frames, _ = counter.submits(TAKEN + 1, TAX, running)
    counter.send_batch(frames)
    assert counter.next("refused").type == PROBLEM.TOO_LARGE
    counter.send_batch([b"\x01"] * 257)
    assert counter.next("refused").type == PROBLEM.TOO_LARGE
    counter.send_batch([])
    counter.send_raw((b"\x01" + pb.Envelope(batch=pb.Batch(frames=frames[:2])).SerializeToString())[:-5])
    counter.send_raw(b"\x01" + pb.Envelope(correlation=7, batch=pb.Batch(frames=frames[:2])).SerializeToString())
    for _ in range(3):
        assert counter.next("refused").type == PROBLEM.MALFORMED
    assert counter.next("accepted", 0.3) is None, "nothing of it was taken"
    counter.send_batch(frames[:TAKEN])
    assert all(envelope.HasField("accepted") for envelope in bodies(counter, TAKEN)), "and the connection goes on"
    counter.close()
