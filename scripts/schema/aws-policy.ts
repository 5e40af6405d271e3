/**
 * The IAM policy that a lab on AWS needs. What each resource and each function of the provider calls is a table, read in the
 * provider's source (terraform-provider-aws, internal/service/ec2). Which of them a lab uses is recorded by a test, so that
 * the policy has no action too few and none too many. That EC2 has each action was checked with botocore's service model
 * (2026-11-26).
 */

/** Actions of a resource over its whole life: create, read, update, delete. Without a service, `ec2`. */
export const RESOURCE_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  "aws:ec2/vpc:Vpc": [
    "CreateVpc",
    "DeleteVpc",
    "DescribeVpcs",
    "DescribeVpcAttribute",
    "ModifyVpcAttribute",
    // A VPC's outputs name its default network ACL, route table and group.
    "DescribeNetworkAcls",
    "DescribeRouteTables",
    "DescribeSecurityGroups",
  ],
  "aws:ec2/internetGateway:InternetGateway": [
    "CreateInternetGateway",
    "AttachInternetGateway",
    "DetachInternetGateway",
    "DeleteInternetGateway",
    "DescribeInternetGateways",
  ],
  "aws:ec2/routeTable:RouteTable": [
    "CreateRouteTable",
    "DeleteRouteTable",
    "DescribeRouteTables",
    "DisassociateRouteTable",
  ],
  "aws:ec2/route:Route": ["CreateRoute", "ReplaceRoute", "DeleteRoute", "DescribeRouteTables"],
  "aws:ec2/routeTableAssociation:RouteTableAssociation": [
    "AssociateRouteTable",
    "ReplaceRouteTableAssociation",
    "DisassociateRouteTable",
    "DescribeRouteTables",
  ],
  "aws:ec2/subnet:Subnet": [
    "CreateSubnet",
    "DeleteSubnet",
    "DescribeSubnets",
    "ModifySubnetAttribute",
    "DescribeNetworkInterfaces",
  ],
  "aws:ec2/securityGroup:SecurityGroup": [
    "CreateSecurityGroup",
    "DeleteSecurityGroup",
    "DescribeSecurityGroups",
    "DescribeNetworkInterfaces",
    // EC2 gives each group a rule that lets everything out. The provider takes it away.
    "RevokeSecurityGroupEgress",
  ],
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": [
    "AuthorizeSecurityGroupIngress",
    "RevokeSecurityGroupIngress",
    "ModifySecurityGroupRules",
    "DescribeSecurityGroupRules",
  ],
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": [
    "AuthorizeSecurityGroupEgress",
    "RevokeSecurityGroupEgress",
    "ModifySecurityGroupRules",
    "DescribeSecurityGroupRules",
  ],
  "aws:ec2/keyPair:KeyPair": ["ImportKeyPair", "DeleteKeyPair", "DescribeKeyPairs"],
  "aws:ec2/instance:Instance": [
    "RunInstances",
    "TerminateInstances",
    "DescribeInstances",
    "DescribeInstanceAttribute",
    "DescribeInstanceCreditSpecifications",
    "DescribeInstanceTypes",
    "DescribeTags",
    "DescribeVolumes",
    "DescribeSubnets",
    "DescribeVpcs",
    "DescribeNetworkInterfaces",
    "ModifyInstanceAttribute",
    "ModifyInstanceMetadataOptions",
    "ModifyNetworkInterfaceAttribute",
    "ModifyVolume",
    // A change of the type in place.
    "StopInstances",
    "StartInstances",
    "DescribeSpotInstanceRequests",
    "CancelSpotInstanceRequests",
  ],
  // With link.peer: the VPC's end of a tunnel.
  "aws:ec2/vpnGateway:VpnGateway": [
    "CreateVpnGateway",
    "AttachVpnGateway",
    "DetachVpnGateway",
    "DeleteVpnGateway",
    "DescribeVpnGateways",
  ],
  "aws:ec2/vpnGatewayRoutePropagation:VpnGatewayRoutePropagation": [
    "EnableVgwRoutePropagation",
    "DisableVgwRoutePropagation",
    "DescribeRouteTables",
  ],
  "aws:ec2/customerGateway:CustomerGateway": [
    "CreateCustomerGateway",
    "DeleteCustomerGateway",
    "DescribeCustomerGateways",
  ],
  "aws:ec2/vpnConnection:VpnConnection": [
    "CreateVpnConnection",
    "DeleteVpnConnection",
    "DescribeVpnConnections",
    // Another gateway of the peer, other ranges and other proposals change in place.
    "ModifyVpnConnection",
    "ModifyVpnConnectionOptions",
    "ModifyVpnTunnelOptions",
  ],
  "aws:ec2/vpnConnectionRoute:VpnConnectionRoute": [
    "CreateVpnConnectionRoute",
    "DeleteVpnConnectionRoute",
    "DescribeVpnConnections",
  ],
};

/** Every resource's tags change in place. */
const TAG_ACTIONS = ["CreateTags", "DeleteTags"];

/** Actions of a function of the provider. */
export const FUNCTION_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  getAvailabilityZones: ["DescribeAvailabilityZones"],
  getInstanceTypeOfferings: ["DescribeInstanceTypeOfferings"],
  getInstanceType: ["DescribeInstanceTypes"],
  getAmi: ["DescribeImages"],
  getServiceQuota: ["servicequotas:GetServiceQuota"],
  getVpcs: ["DescribeVpcs"],
  getInstances: ["DescribeInstances"],
  getEbsVolumes: ["DescribeVolumes"],
  getKeyPair: ["DescribeKeyPairs"],
  getSecurityGroupRules: ["DescribeSecurityGroupRules"],
  getSecurityGroupRule: ["DescribeSecurityGroupRules"],
  getSecurityGroups: ["DescribeSecurityGroups"],
  getSubnets: ["DescribeSubnets"],
  getRouteTables: ["DescribeRouteTables"],
  getRouteTable: ["DescribeRouteTables"],
  getInternetGateway: ["DescribeInternetGateways"],
  getVpnConnection: ["DescribeVpnConnections"],
  getVpnGateway: ["DescribeVpnGateways"],
  getCustomerGateway: ["DescribeCustomerGateways"],
  getRegions: ["DescribeRegions"],
  getResources: ["tag:GetResources"],
};

/** Deletes what a killed run has left of an instance: its volume. */
const RECOVERY_ACTIONS = ["DeleteVolume"];

/** The policy, as `aws iam create-policy` takes it. */
export function awsPolicy(): string {
  const names = [
    ...Object.values(RESOURCE_ACTIONS).flat(),
    ...Object.values(FUNCTION_ACTIONS).flat(),
    ...TAG_ACTIONS,
    ...RECOVERY_ACTIONS,
  ];
  const actions = [...new Set(names.map((name) => (name.includes(":") ? name : `ec2:${name}`)))].sort();
  const policy = {
    Version: "2012-10-17",
    Statement: [
      { Sid: "EncaplabLabs", Effect: "Allow", Action: actions, Resource: "*" },
      {
        // EC2 makes this role at an account's first spot instance.
        Sid: "EncaplabSpot",
        Effect: "Allow",
        Action: "iam:CreateServiceLinkedRole",
        Resource: "*",
        Condition: { StringEquals: { "iam:AWSServiceName": "spot.amazonaws.com" } },
      },
    ],
  };
  return `${JSON.stringify(policy, null, 2)}\n`;
}
