/** Why a login failed, in a sentence that says where to look. */

/** A failed login. */
export class LoginError extends Error {
  /** @param final whether another attempt is pointless. */
  constructor(
    message: string,
    readonly final: boolean,
  ) {
    super(message);
  }
}

/** An error of ssh2 or of the socket under it. */
type SocketError = Error & { code?: string; level?: string };

/** Who could not log in where. `privateKey` is absent if the SSH agent was asked. */
interface Login {
  host: string;
  port: number;
  user: string;
  privateKey?: string;
}

/** What an error means, and what to check. */
export function explain({ host, port, user, privateKey }: Login, error: SocketError): LoginError {
  switch (error.code) {
    case "ECONNREFUSED":
      return new LoginError(`${host} refuses port ${port}: it is booting, or no sshd listens there`, false);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return new LoginError(
        `there is no route to ${host}: check the address, and whether the machine is up`,
        false,
      );
    case "ETIMEDOUT":
      return new LoginError(silent(host, port), false);
    case "ENOTFOUND":
      return new LoginError(`no such host name: ${host}`, true);
  }
  switch (error.level) {
    case "client-timeout":
      return new LoginError(silent(host, port), false);
    case "agent":
    case "client-authentication":
      return new LoginError(
        privateKey
          ? `${host} does not accept this key for ${user} (cloud-init may not have installed it yet; otherwise check user and key)`
          : `${host} does not accept a key of your SSH agent for ${user}; ssh-add the key, or set it in the config`,
        false,
      );
  }
  // A port that accepts connections without a server behind it, like a forwarded port while the machine boots.
  if (/before handshake|ECONNRESET/.test(`${error.message} ${error.code}`)) return shut();
  return new LoginError(error.message, false);
}

/** The server closed the connection without an error. */
export const shut = (): LoginError =>
  new LoginError("it closes the connection at once: its sshd is starting", false);

const silent = (host: string, port: number): string =>
  `${host} does not answer on port ${port}: it is booting, or a firewall (security group, accessCidrs) is blocking your address`;
