// Who may talk to the server of `lab ui`: what a request must have, in every combination.
import assert from "node:assert/strict";
import {
  type Asked,
  addressOf,
  newToken,
  refusalOf,
  type Secret,
  wantedIn,
} from "../../../../scripts/cli/ui/guard";

const SECRET: Secret = { port: 4711, token: newToken() };
const OWN = "http://127.0.0.1:4711";

/** A request that is right, with something of it changed. */
const asked = ({
  host = "127.0.0.1:4711",
  origin,
  ...more
}: Record<string, string | undefined> = {}): Asked => ({
  method: "GET",
  url: `/?token=${SECRET.token}`,
  headers: { host, ...(origin !== undefined && { origin }) },
  ...more,
});

describe("the guard of lab ui", () => {
  it("makes a token of 192 bits that is another one each time, in an address of one line", () => {
    assert.match(SECRET.token, /^[\w-]{32}$/);
    assert.notEqual(newToken(), newToken());
    assert.ok(addressOf({ ...SECRET, port: 65535 }).length < 70);
  });

  it("lets the page and its own sockets in", () => {
    assert.equal(refusalOf(asked(), SECRET), undefined);
    assert.equal(refusalOf(asked({ origin: OWN }), SECRET, true), undefined);
    const forwarded = { host: "localhost:4711", origin: "http://localhost:4711" };
    assert.equal(refusalOf(asked(forwarded), SECRET, true), undefined);
  });

  for (const [what, change, isSocket, status] of [
    ["a name that was made to point here", { host: "evil.example:4711" }, false, 403],
    ["another port", { host: "127.0.0.1:80" }, false, 403],
    ["no name", { host: "" }, false, 403],
    ["another page", { origin: "http://evil.example" }, false, 403],
    ["a page on another port of this machine", { origin: "http://127.0.0.1:8080" }, true, 403],
    ["a page by the other name", { origin: "http://localhost:4711" }, true, 403],
    ["a file or a sandboxed frame", { origin: "null" }, true, 403],
    ["a socket of who does not say where it comes from", {}, true, 403],
    ["no token", { url: "/" }, false, 403],
    ["an empty token", { url: "/?token=" }, false, 403],
    ["a wrong token", { url: `/?token=${"x".repeat(32)}` }, false, 403],
    ["the beginning of the token", { url: `/?token=${SECRET.token.slice(0, 31)}` }, false, 403],
    ["the token and more", { url: `/?token=${SECRET.token}x` }, false, 403],
    ["an address that is none", { url: "//[" }, false, 403],
    ["another method", { method: "POST" }, false, 405],
  ] as const)
    it(`refuses ${what}`, () => {
      assert.equal(refusalOf(asked(change), SECRET, isSocket)?.status, status);
    });

  it("reads any address", () => {
    assert.deepEqual(wantedIn("http://[?token=a?b").path, "http://[");
    assert.equal(wantedIn("/live?rows=1&token=a?b").values.get("token"), "a?b");
    assert.equal(wantedIn("").path, "");
  });

  it("does not tell who comes by a wrong name whether the token is right", () => {
    const wrong = { host: "evil.example" };
    assert.deepEqual(refusalOf(asked(wrong), SECRET), refusalOf(asked({ ...wrong, url: "/" }), SECRET));
  });
});
