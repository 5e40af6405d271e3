/** What the stack of the other site has said. */
import type { PeerSite } from "../../components/infrastructure/common";

const link = { ike: 2, proposals: { ike: "aes128-sha256-modp2048", esp: "aes128-sha256-modp2048" } };

/** OpenStack's site after its first `up`: a gateway, and no end of the tunnel yet. L15's addresses. */
export const OPENSTACK_SITE: PeerSite = {
  cloud: "openstack",
  cidrs: ["192.168.1.0/24"],
  address: "198.51.100.99",
  joined: false,
  link,
};

/** AWS's site before it has a connection. */
export const LONE_VPC: PeerSite = { cloud: "aws", cidrs: ["172.31.0.0/16"], joined: false, link };

/** AWS's site with a connection. The key is made inside a test, where there is an engine. */
export const AWS_SITE: PeerSite = { ...LONE_VPC, address: "203.0.113.20", joined: true };
