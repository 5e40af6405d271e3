/** Which resources are left in an account, and which EC2 only still lists. */
import assert from "node:assert/strict";
import { findExpired, findLeftovers } from "../../../components/infrastructure/aws";
import { Ec2Model } from "../../support/ec2-model";
import { startMocks } from "../../support/mocks";
import { problemsOf } from "../../support/problems";

type Call = (inputs: Record<string, unknown>) => Record<string, unknown>;
const fail =
  (details: string): Call =>
  () => {
    throw Object.assign(new Error(details), { details });
  };

const LAB = "0123456789ab";

/** Finds leftovers in an account that contains only the given resources. */
async function look(there: Record<string, Call>, labs: string[] = []) {
  const asked: Record<string, Record<string, unknown>> = {};
  const none: Record<string, Call> = {
    getInternetGateway: fail("no matching EC2 Internet Gateway found"),
    getKeyPair: fail("no matching EC2 Key Pair found"),
    getVpnConnection: fail("no matching EC2 VPN Connection found"),
    getVpnGateway: fail("no matching EC2 VPN Gateway found"),
    getCustomerGateway: fail("no matching EC2 Customer Gateway found"),
  };
  await startMocks({
    call: (token, inputs) => {
      const name = token.split(":").at(-1) ?? "";
      asked[name] = inputs;
      return (there[name] ?? none[name] ?? (() => ({ ids: [] })))(inputs);
    },
  });
  const found = await findLeftovers("aws", labs, { aws: { region: "eu-central-1" } }, {});
  return { found, asked };
}

describe("findLeftovers on AWS", () => {
  it("finds nothing in an account where nothing has the stack's tags", async () => {
    const { found, asked } = await look({});
    assert.deepEqual(found, []);
    assert.deepEqual(asked.getVpcs?.tags, { project: "encaplab", stack: "aws" });
    assert.equal(Object.keys(asked).length, 12);
  });

  it("does not ask for terminated instances, which EC2 still lists", async () => {
    const { asked } = await look({});
    const states = asked.getInstances?.instanceStateNames as string[];
    assert.ok(states.includes("stopped") && !states.includes("terminated"));
  });

  it("returns kind, id, region, lab and the command that deletes it, in an order that EC2 accepts", async () => {
    const tags = { project: "encaplab", stack: "aws", lab: LAB };
    const model = new Ec2Model();
    const made = (type: string, props: object) => model.create(`aws:x/y:${type}`, props).id;
    const vpc = made("Vpc", { tags });
    const table = made("RouteTable", { tags, vpcId: vpc });
    const subnet = made("Subnet", { tags, vpcId: vpc });
    made("RouteTableAssociation", { subnetId: subnet, routeTableId: table });
    made("Route", { routeTableId: table, destinationCidrBlock: "0.0.0.0/0", gatewayId: "1" });
    const group = made("SecurityGroup", { tags, vpcId: vpc });
    made("SecurityGroupEgressRule", { tags, securityGroupId: group });
    made("InternetGateway", { tags, vpcId: vpc });
    made("InternetGateway", { tags });
    const vpn = made("VpnGateway", { tags, vpcId: vpc });
    const customer = made("CustomerGateway", { tags });
    const connection = made("VpnConnection", { tags, vpnGatewayId: vpn, customerGatewayId: customer });
    made("Instance", { tags: { ...tags, lab: "ffffffffffff" }, privateIp: "10.0.3.10" });
    await startMocks({ call: model.call });
    const found = await findLeftovers("aws", [LAB], { aws: { region: "x" } }, {});
    const ec2 = "aws ec2 --region x";
    assert.deepEqual(
      found.map(({ kind, lab, command }) => [kind, lab, command]),
      [
        // Another lab's, so without one of the ids that were asked for.
        [
          "instance",
          undefined,
          `${ec2} terminate-instances --instance-ids Instance-11 && ${ec2} wait instance-terminated --instance-ids Instance-11`,
        ],
        ["route", LAB, `${ec2} delete-route --route-table-id ${table} --destination-cidr-block 0.0.0.0/0`],
        [
          "route-table-association",
          LAB,
          `${ec2} disassociate-route-table --association-id rtbassoc-${subnet}`,
        ],
        [
          "vpn-connection",
          LAB,
          `${ec2} delete-vpn-connection --vpn-connection-id ${connection} && ${ec2} wait vpn-connection-deleted --vpn-connection-ids ${connection}`,
        ],
        [
          "vpn-gateway",
          LAB,
          `${ec2} detach-vpn-gateway --vpn-gateway-id ${vpn} --vpc-id ${vpc} && ${ec2} delete-vpn-gateway --vpn-gateway-id ${vpn}`,
        ],
        ["customer-gateway", LAB, `${ec2} delete-customer-gateway --customer-gateway-id ${customer}`],
        [
          "security-group-rule",
          LAB,
          `${ec2} revoke-security-group-egress --group-id ${group} --security-group-rule-ids SecurityGroupEgressRule-5`,
        ],
        ["security-group", LAB, `${ec2} delete-security-group --group-id ${group}`],
        ["subnet", LAB, `${ec2} delete-subnet --subnet-id ${subnet}`],
        ["route-table", LAB, `${ec2} delete-route-table --route-table-id ${table}`],
        [
          "internet-gateway",
          LAB,
          `${ec2} detach-internet-gateway --internet-gateway-id InternetGateway-6 --vpc-id ${vpc} && ${ec2} delete-internet-gateway --internet-gateway-id InternetGateway-6`,
        ],
        ["internet-gateway", LAB, `${ec2} delete-internet-gateway --internet-gateway-id InternetGateway-7`],
        ["vpc", LAB, `${ec2} delete-vpc --vpc-id ${vpc}`],
      ],
    );
    assert.equal(found[0]?.name, "Instance-11 in x");
  });

  it("are, with --expired, the labs past their ttl in every region that are really there", async () => {
    const tags = (lab: string, expiry: string) => ({
      project: "encaplab",
      stack: "s",
      lab,
      owner: "grace",
      expiry,
    });
    const listed = [
      tags(LAB, "2026-01-01T08:00:00Z"),
      tags("aaaaaaaaaaaa", "2026-01-01T09:00:00Z"),
      tags("b", "2027-01-01T08:00:00Z"),
    ];
    const model = new Ec2Model();
    model.create("aws:x/y:Vpc", { tags: listed[0] });
    await startMocks({
      call: (token, inputs) => {
        if (token.endsWith(":getRegions")) return { names: ["one", "two"] };
        if (!token.endsWith(":getResources"))
          return inputs.region === "one" ? model.call(token, inputs) : new Ec2Model().call(token, inputs);
        // The tagging API also lists what is gone: the second lab.
        return { resourceTagMappingLists: listed.map((one) => ({ resourceArn: "a/b", tags: one })) };
      },
    });
    assert.deepEqual(await findExpired(Date.parse("2026-06-01T00:00:00Z"), { aws: { region: "one" } }, {}), [
      { lab: LAB, stack: "s", owner: "grace", expiry: "2026-01-01T08:00:00Z", region: "one", resources: 1 },
    ]);
  });

  it("has no VPN where the account may not ask for one, as with the policy of an earlier version", async () => {
    const denied = fail("api error UnauthorizedOperation: You are not authorized");
    const { found } = await look({
      getVpnConnection: denied,
      getVpnGateway: denied,
      getCustomerGateway: denied,
    });
    assert.deepEqual(found, []);
  });

  it("has no VPN of another lab, even where the endpoint ignores filters by tags", async () => {
    const tags = { project: "encaplab", stack: "other" };
    const others = () => ({ id: "cgw-1", vpnConnectionId: "vpn-1", tags });
    const { found, asked } = await look({
      getVpnConnection: others,
      getVpnGateway: others,
      getCustomerGateway: others,
    });
    assert.deepEqual(found, []);
    const filters = asked.getVpnGateway?.filters as { name: string; values: string[] }[];
    assert.deepEqual(filters.at(-1), { name: "state", values: ["pending", "available"] });
  });

  it("fails when a request to EC2 fails, instead of finding nothing", async () => {
    for (const name of ["getVpcs", "getKeyPair"]) {
      const problems = await problemsOf(() => look({ [name]: fail("api error AuthFailure: no") }));
      assert.match(problems[0]?.message ?? "", /does not accept the credentials/);
    }
  });
});
