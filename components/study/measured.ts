/** What a prober has measured, before it is compared with the verdict. */

/** The outcome of one probe of one pair. */
export interface ProbeResult {
  works: boolean;
  /** What happened instead, e.g. `no answer`; empty if the probe works. */
  detail: string;
  /** Set where nothing can be said about the pair, and `detail` says why. The probe then counts for neither side. */
  unmeasured?: true;
}

/** Something else that was looked at, beside the pairs: DNS, a node's readiness, a device's MTU. */
export interface Check {
  /** What was looked at, e.g. `DNS from w1-1`. */
  name: string;
  /** What the plan says. Absent where the plan says nothing. */
  predicted?: string;
  observed: string;
  /** False only if the plan says something else. */
  agrees: boolean;
  /** The cause, or how to fix it, where it is known. */
  explanation?: string;
}

/** What a node of a real cluster has, as its kernel and Calico show it. */
export interface NodeFacts {
  node: string;
  /** The address with its prefix length that Calico recorded; CrossSubnet compares exactly this. */
  recordedAddress?: string;
  /** The device that has the node's address. MTU in bytes. */
  nic?: { device: string; mtu: number };
  /** The device of the tunnel, if the encapsulation has one. */
  tunnel?: { device: string; mtu: number; address?: string };
  /** The MTU of the node's first study pod, in bytes. */
  podMtu?: number;
  /** Whether the kernel forwards packets. */
  forwards?: boolean;
  /** The routes to pod addresses, as `ip route` shows them. */
  routes: string[];
}

/** What a prober answers. */
export interface Measured {
  /** What was missing before the probes were sent, when the time limit was over, at most 20 sentences. */
  notConverged: string[];
  /** By the probe's `id`. */
  results: Record<string, ProbeResult>;
  /** The state of each BGP session as BIRD names it, by node and by the peer's address. */
  sessions: Record<string, Record<string, string>>;
  /**
   * By the name of a row of the verdict: the answer of `ip route get`, and the packet as tcpdump shows it; empty if there
   * is none. `example`: the pair, where it is not the verdict's own example.
   */
  captures: Record<string, { route: string; packet: string; example?: string }>;
  /** Only of a real cluster. */
  checks?: Check[];
  /** Only of a real cluster. */
  nodes?: NodeFacts[];
}
