"""A probe: a ping, a datagram, or one TCP exchange, from a namespace to an address, and what became of it."""
import itertools

NUMBERS = itertools.count()

# Seconds, each multiplied by the patience.
ANSWER = 2.0  # until a probe that should work counts as failed
RESEND = (0.1, 0.3, 0.8)  # when a ping or datagram without an answer is repeated, after the first was sent
SILENCE = 0.1  # without an answer, until a probe that should fail is believed to fail: at least this long


class Probe:
    """`expect` is the prediction. It decides only how long an answer is waited for, never what counts as an answer."""

    def __init__(self, order):
        self.id, self.namespace, self.destination = order["id"], order["namespace"], order["destination"]
        self.kind, self.size, self.port = order["probe"], order["size"], order.get("port")
        self.expect = order.get("expect", True)
        number = next(NUMBERS)
        self.key = (1 + (number >> 16 & 0x7FFF), number & 0xFFFF)  # ICMP's identifier and sequence number
        self.reset()

    def reset(self):
        """Forgets what was seen, for another measurement."""
        self.works, self.detail = False, ""
        self.patient = self.expect
        self.done = False
        self.begun = self.sent = self.attempts = 0
        self.client = None

    @property
    def surprising(self):
        return self.works != self.expect

    def succeed(self):
        self.works = self.done = True

    def surprise(self):
        """Something came back although nothing should: wait for the rest as long as for a probe that should work."""
        self.patient = True

    def fail(self, detail):
        """An error. A ping or datagram that should work is repeated all the same, because a neighbour may not be resolved yet."""
        self.detail = detail
        if not self.expect or self.kind == "tcp":
            self.done = True

    def due(self, now, patience, silence):
        """What to do now: `give up`, `resend`, or nothing (None). `silence`: how long an answer may take in this round."""
        if self.patient:
            if now - self.begun > ANSWER * patience:
                return "give up"
            resends = RESEND
        else:
            if self.attempts > 1 or self.kind == "tcp":
                return "give up" if now - self.sent > silence else None
            resends = (silence / patience / 2,)
        if self.kind != "tcp" and self.attempts <= len(resends):
            return "resend" if now - self.begun > resends[self.attempts - 1] * patience else None
        return None

    def result(self):
        return {"works": self.works, "detail": "" if self.works else self.detail or "no answer"}
