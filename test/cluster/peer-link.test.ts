/** The step that joins the instance that is a site's gateway to the other stack's, and what is secret in it. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { PeerLink } from "../../components/cluster";
import type { SiteGateway } from "../../components/infrastructure";
import { dependencies } from "../support/clouds";
import { answers, COMMAND } from "../support/cluster";
import { named, ofType, record } from "../support/mocks";
import { planOf } from "../support/problems";

const plan = planOf({
  cloud: "openstack",
  topology: [{ name: "office", cidr: "192.168.1.0/24", nodes: ["cp1", "w1"] }],
  link: { peer: "site-aws", gateway: "instance" },
});

/** @param tunnel undefined while the other stack has said too little. */
const build = (comesUp?: boolean) =>
  record((options) => {
    const publicAddress = pulumi.output("198.51.100.99");
    const gateway: SiteGateway = {
      machine: {
        name: "site-gateway",
        connection: {
          host: publicAddress,
          port: 22,
          user: "ubuntu",
          privateKey: pulumi.secret("a private key"),
        },
      },
      publicAddress,
      ...(comesUp !== undefined && {
        tunnel: {
          connection: pulumi.output("connections {}"),
          key: pulumi.secret("correct_horse"),
          children: 1,
          comesUp,
        },
      }),
    };
    return new PeerLink("peer-link", { plan, gateway, prefix: "" }, options);
  }, answers);

describe("the link of a gateway that is an instance", () => {
  it("is a step over SSH once the peer is known, after the machine can be reached, with the key over stdin", async () => {
    const { resources } = await build(true);
    const step = named(resources, COMMAND, "site-link-site-gateway");
    const { stdin, create, delete: remove, connection } = step.props;
    assert.ok(stdin.includes(`\nPSK='${Buffer.from("correct_horse").toString("base64")}'\n`));
    for (const value of ["CONNECTION='connections {}'", "CHILDREN='1'", "WAIT='1'", "ALONE='1'"])
      assert.ok(stdin.includes(`\n${value}\n`), value);
    assert.ok(step.secrets.includes("stdin"));
    assert.match(create, /^sudo -n timeout .* bash -s -- create$/);
    assert.match(remove, /bash -s -- delete$/);
    assert.equal(connection.host, "198.51.100.99");
    const waits = await dependencies(step);
    assert.ok(
      waits.includes(named(resources, "pulumi-nodejs:dynamic/encaplab:Reachable", "site-gateway").resource),
    );
  });

  it("is not waited for where the other end starts it, or is not there yet", async () => {
    assert.match(
      named((await build(false)).resources, COMMAND, "site-link-site-gateway").props.stdin,
      /\nWAIT='0'\n/,
    );
  });

  it("is nothing yet while the peer has no address or key", async () => {
    assert.equal(ofType((await build()).resources, COMMAND).length, 0);
  });
});
