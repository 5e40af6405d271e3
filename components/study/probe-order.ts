/** A probe as a prober is asked for it. */

/** A probe to send, in a namespace. */
export interface ProbeOrder {
  id: string;
  namespace: string;
  destination: string;
  probe: "icmp" | "tcp" | "udp";
  /** Length of the IP packet in bytes. */
  size: number;
  /** The destination's port. */
  port?: number;
  /**
   * Whether the verdict says that it works. A probe that should fail is not waited for as long. Whatever is expected, what
   * comes back is what counts, and a surprise is measured twice.
   */
  expect: boolean;
}
