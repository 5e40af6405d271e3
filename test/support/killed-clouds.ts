/** The clouds on which an engine is killed: of each its model, what is made there, and how it refuses to make it twice. */
import * as aws from "./aws-killed";
import { Ec2Model } from "./ec2-model";
import type { Moment } from "./killed-engine";
import { NeutronModel } from "./neutron-model";
import * as openstack from "./openstack-killed";

export const KILLED_CLOUDS = [
  {
    cloud: "AWS",
    Model: Ec2Model,
    ...aws,
    moment: "after" as Moment,
    kinds: [
      "Vpc",
      "InternetGateway",
      "RouteTable",
      "Route",
      "Subnet",
      "RouteTableAssociation",
      "SecurityGroup",
      "SecurityGroupIngressRule",
      "SecurityGroupEgressRule",
      "KeyPair",
      "Instance",
      "VpnGateway",
      "CustomerGateway",
      "VpnConnection",
    ],
    refusals: {
      Instance: /InvalidIPAddress.InUse/,
      VpnGateway: /AttachmentLimitExceeded/,
      SecurityGroupIngressRule: /InvalidPermission.Duplicate/,
    } as Record<string, RegExp>,
  },
  {
    cloud: "OpenStack",
    Model: NeutronModel,
    ...openstack,
    moment: "between" as Moment,
    kinds: [
      "Network",
      "Subnet",
      "Router",
      "RouterInterface",
      "RouterRoute",
      "SecGroup",
      "SecGroupRule",
      "Keypair",
      "Port",
      "Instance",
      "FloatingIp",
      "Service",
      "IkePolicy",
      "IpSecPolicy",
      "EndpointGroup",
      "SiteConnection",
    ],
    refusals: { Port: /409: Port .* is the same/ } as Record<string, RegExp>,
  },
];
