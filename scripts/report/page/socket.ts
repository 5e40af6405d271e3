/** Connections to the server that this page came from. */

/** A WebSocket to one of the server's addresses, with this page's own token. */
export function socketTo(path: string, values: Record<string, string> = {}): WebSocket {
  const token = new URLSearchParams(location.search).get("token") ?? "";
  return new WebSocket(`ws://${location.host}${path}?${new URLSearchParams({ ...values, token })}`);
}
