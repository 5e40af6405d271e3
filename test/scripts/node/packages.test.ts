// packages.sh with a stand-in for the machine's package manager: what it is asked to install, and what the step records.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { Sandbox, source, type Values } from "../../support/node-sandbox";
import { skip } from "../../support/skip";

/** Other commands that the scripts call. PATH has only these: this machine's apt-get, dpkg or kubectl must not be found. */
const COREUTILS =
  "bash cat cksum cmp comm cp cut dirname env flock grep head install ip mkdir mktemp mv rm sed seq sleep sort tail touch tr";

describe("packages.sh", () => {
  let sandbox: Sandbox;
  const values: Values = { NODE_NAME: "w1", KUBERNETES_VERSION: "1.35.7", PROXY_MODE: "iptables" };

  beforeEach(() => {
    sandbox = new Sandbox();
    for (const name of COREUTILS.split(" ")) {
      const found = execFileSync("bash", ["-c", `PATH=$PATH:/usr/sbin:/sbin; type -P ${name}`], {
        encoding: "utf8",
      });
      fs.symlinkSync(found.trim(), sandbox.path(`bin/${name}`));
    }
    sandbox.write("etc/os-release", "ID=debian\nVERSION_CODENAME=bookworm\n");
    sandbox.write("etc/ssl/certs/ca-certificates.crt", "");
    sandbox.write("installed", "bash\n");
    for (const tool of ["iptables", "nft", "conntrack"]) sandbox.command(tool, "");
  });
  afterEach(() => sandbox.remove());

  const install = (more: Values = {}) =>
    sandbox.run(
      { body: `${source("packages")}\ncreate() { install_packages; }` },
      { ...values, PATH: sandbox.path("bin"), ...more },
    );
  /** The commands that the packages of Kubernetes and containerd bring. */
  const kubernetes = (version: string, containerd: string) => {
    sandbox.command("kubeadm", `echo v${version}`);
    for (const name of ["kubelet", "kubectl", "openssl"]) sandbox.command(name, "");
    sandbox.command("containerd", `echo "containerd github.com/containerd/containerd ${containerd} abc"`);
  };
  const rhel = () => {
    // The commands that the packages bring are kept aside until dnf "installs" them.
    kubernetes("1.35.7", "2.1.4");
    const commands = ["kubeadm", "kubelet", "kubectl", "openssl", "containerd"];
    fs.mkdirSync(sandbox.path("aside"));
    for (const name of commands) fs.renameSync(sandbox.path(`bin/${name}`), sandbox.path(`aside/${name}`));
    const log = `echo "dnf $*" >>${sandbox.path("calls")}`;
    const packages = `printf 'containerd.io\\nkubelet\\nsocat\\n' >>${sandbox.path("installed")}`;
    sandbox.command("dnf", `${log}; ${packages}; mv ${sandbox.path("aside")}/* ${sandbox.path("bin")}`);
    sandbox.command("rpm", `case $1 in --eval) echo 9 ;; *) cat ${sandbox.path("installed")} ;; esac`);
  };

  it("calls no package manager when the minor release is installed, in any patch release", async () => {
    kubernetes("1.35.2", "1.7.24");
    const ran = await install();
    assert.deepEqual([ran.status, ran.stderr], [0, "using the installed Kubernetes 1.35.2, not 1.35.7\n"]);
  });

  it("rejects another minor release, and says how to fix it", async () => {
    kubernetes("1.34.4", "1.7.24");
    const ran = await install();
    assert.equal(ran.status, 1);
    assert.match(
      ran.stderr,
      /w1 has Kubernetes 1\.34\.4, but the lab wants 1\.35\.7.*or set kubernetesVersion: 1\.34\.4/,
    );
  });

  it("requires containerd 2 for Kubernetes 1.36 and later", async () => {
    kubernetes("1.36.3", "1.6.20~ds1");
    const ran = await install({ KUBERNETES_VERSION: "1.36.3" });
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /w1 has containerd 1\.6\.20, but Kubernetes 1\.36 and later needs 2\.0/);
    kubernetes("1.36.3", "v2.1.4");
    assert.equal((await install({ KUBERNETES_VERSION: "1.36.3" })).status, 0);
  });

  for (const [said, version] of [
    ["containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u1", "1.6.20"],
    ["containerd github.com/containerd/containerd 1.7.27", "1.7.27"],
    ["containerd containerd.io 1.7.27 05044ec0a9a75232cad458027ca83437aae3f4da", "1.7.27"],
    ["containerd containerd.io v2.1.4 75cb2b7193e4e490e9fbdc236c0e811ccaba3376", "2.1.4"],
    ["containerd github.com/containerd/containerd/v2 2.1.3 ", "2.1.3"],
    ["containerd github.com/containerd/containerd/v2 v2.1.3 8cde2b1", "2.1.3"],
    ["containerd containerd.io/containerd/v2 2.1.3 8cde2b1", "2.1.3"],
    ["containerd github.com/containerd/containerd/v2 v2.0.0-rc.3 27de5fe", "2.0.0"],
    ["containerd github.com/containerd/containerd/v2 2.0.0+unknown", "2.0.0"],
  ] as const) {
    it(`reads containerd's version ${version} from "${said}"`, async () => {
      sandbox.command("containerd", `echo '${said}'`);
      const body = `${source("packages")}\ncreate() { containerd_installed >&3; }`;
      assert.equal((await sandbox.run({ body }, values)).stdout, `${version}\n`);
    });
  }

  it("lists the missing packages when there is no package manager", async () => {
    const ran = await install();
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /w1 lacks kubelet-1\.35\.7 .*containerd\.io.*, and has neither apt-get nor dnf/);
  });

  it("installs pinned packages from two repositories on the RHEL family, and records them", async () => {
    rhel();
    const ran = await install();
    assert.equal(ran.status, 0, ran.stderr);
    assert.deepEqual(sandbox.calls(), [
      "dnf --quiet --assumeyes --disableexcludes=encaplab-kubernetes --setopt=install_weak_deps=False install " +
        "kubelet-1.35.7 kubeadm-1.35.7 kubectl-1.35.7 containerd.io openssl",
    ]);
    const repository = sandbox.read("etc/yum.repos.d/encaplab.repo");
    assert.match(repository, /^baseurl=https:\/\/pkgs\.k8s\.io\/core:\/stable:\/v1\.35\/rpm\/$/m);
    assert.match(repository, /^exclude=kubelet kubeadm kubectl cri-tools kubernetes-cni$/m);
    assert.match(
      repository,
      /^baseurl=https:\/\/download\.docker\.com\/linux\/centos\/9\/\$basearch\/stable$/m,
    );
    assert.equal(sandbox.read("var/lib/encaplab/packages"), "containerd.io\nkubelet\nsocat\n");
    assert.equal((await install()).status, 0);
    assert.equal(sandbox.calls().length, 1, "the second run has nothing to install");
  });

  it("records the packages even if the run was killed right after the installation", async () => {
    rhel();
    sandbox.write("var/lib/encaplab/packages.before", "bash\n");
    kubernetes("1.35.7", "2.1.4");
    sandbox.write("installed", "bash\nkubelet\n");
    assert.equal((await install()).status, 0);
    assert.equal(sandbox.read("var/lib/encaplab/packages"), "kubelet\n");
    assert.equal(sandbox.read("var/lib/encaplab/packages.before"), "");
  });

  describe("on Debian and Ubuntu", () => {
    /** This machine's own apt, with sources, lists and cache in the sandbox. */
    before(function () {
      if (!fs.existsSync("/usr/bin/apt-get")) skip(this, "this machine has no apt");
    });
    beforeEach(() => {
      sandbox.write("etc/apt/apt.conf", 'APT::Sandbox::User "root";\nDir::Cache "/run/apt";\n');
      sandbox.write("etc/apt/apt.conf.d/none", "");
      sandbox.write("var/lib/dpkg/status", "");
    });

    const apt = (create: string, more: Values = {}) =>
      sandbox.run({ body: `${source("packages")}\ncreate() { ${create}; }` }, { NODE_NAME: "w1", ...more });
    /** Makes a package source in a folder, and returns its line for sources.list. */
    const repository = (name: string) => {
      const text =
        "Package: kubelet\nVersion: 1.35.7-1.1\nArchitecture: all\nFilename: ./kubelet.deb\nSize: 1\n\n";
      sandbox.write(`${name}/Packages`, text);
      const hash = createHash("sha256").update(text).digest("hex");
      const date = new Date().toUTCString().replace("GMT", "UTC");
      sandbox.write(`${name}/Release`, `Date: ${date}\nSHA256:\n ${hash} ${text.length} Packages\n`);
      return `deb [trusted=yes] file:${sandbox.path(name)} ./\n`;
    };
    const OURS = "etc/apt/sources.list.d/encaplab.list";
    const lists = () =>
      fs.readdirSync(sandbox.path("var/lib/apt/lists")).filter((name) => /Packages/.test(name));

    describe("apt_source", () => {
      const DOCKER = "https://download.docker.com/linux/debian";
      const KUBERNETES = "https://pkgs.k8s.io/core:/stable:/v1.35/deb";
      /** Which of the two sources are added to the machine's sources. */
      const added = async () => {
        sandbox.write("key", "");
        const key = `file:${sandbox.path("key")}`;
        const ran = await apt(
          `: >"$RUN/sources"; apt_source '${DOCKER}' 'bookworm stable' '${key}'
           apt_source '${KUBERNETES}/' / '${key}'; cut -d ' ' -f 3 "$RUN/sources" >&3`,
        );
        assert.equal(ran.status, 0, ran.stderr);
        return ran.stdout.trim().split("\n").filter(Boolean);
      };
      const BOTH = [DOCKER, `${KUBERNETES}/`];
      const stanza = (more: string) =>
        `Types: deb\nURIs: ${DOCKER}/\nSuites: bookworm\nComponents: stable\n${more}\n`;

      for (const [what, file, text] of [
        ["commented out", "sources.list", `# deb ${DOCKER} bookworm stable\n#deb ${KUBERNETES}/ /\n`],
        ["for source packages only", "sources.list", `deb-src ${DOCKER} bookworm stable\n`],
        ["disabled", "sources.list.d/docker.sources", stanza("Enabled: no")],
        [
          "in a file that apt does not read",
          "sources.list.d/docker.list.save",
          `deb ${DOCKER} bookworm stable\n`,
        ],
        ["in a backup copy of a file", "sources.list.d/docker.sources.bak", stanza("")],
        ["of another Kubernetes release", "sources.list", `deb ${KUBERNETES.replace("35", "34")}/ /\n`],
        ["added by an earlier run", "sources.list.d/encaplab.list", `deb ${DOCKER} bookworm stable\n`],
      ]) {
        it(`ignores an existing source ${what}`, async () => {
          sandbox.write(`etc/apt/${file}`, text as string);
          assert.deepEqual(await added(), BOTH);
        });
      }

      for (const [what, file, text] of [
        ["as one line", "sources.list", `deb [arch=amd64] ${DOCKER} bookworm stable # Docker\n`],
        ["with a slash at the end", "sources.list.d/docker.list", `deb ${DOCKER}/ bookworm stable\n`],
        ["as deb822", "sources.list.d/docker.sources", stanza("Enabled: yes")],
      ]) {
        it(`does not add a source that the machine already has ${what}`, async () => {
          sandbox.write(`etc/apt/${file}`, text as string);
          assert.deepEqual(await added(), [`${KUBERNETES}/`]);
        });
      }
    });

    describe("read_lists", () => {
      // First does what apt_source and install_deb do before.
      const read = () =>
        apt(`cp /${OURS} "$RUN/sources"; attend "reading the package lists" read_lists; say done`);

      it("prints a note about a broken source that is not the lab's, and continues at once", async () => {
        sandbox.write(OURS, repository("ours"));
        sandbox.write(
          "etc/apt/sources.list",
          `deb file:${sandbox.path("nowhere")} ./\n${repository("theirs")}`,
        );
        const start = Date.now();
        const ran = await read();
        assert.equal(ran.status, 0, ran.stderr);
        assert.match(ran.stderr, /^note: apt cannot read all package sources of w1: .*nowhere.*\ndone\n$/m);
        assert.equal(lists().length, 2, "the lab's source and the machine's good one");
        assert.ok(Date.now() - start < 20_000);
      });

      it("prints a note about a server that cannot be reached, although apt-get exits with 0", async () => {
        sandbox.write(OURS, repository("ours"));
        sandbox.write("etc/apt/sources.list", "deb http://127.0.0.1:9/debian bookworm main\n");
        sandbox.write("etc/apt/apt.conf.d/none", 'Acquire::Retries "0";\nAcquire::http::Proxy "DIRECT";\n');
        const ran = await read();
        assert.equal(ran.status, 0, ran.stderr);
        assert.match(
          ran.stderr,
          /^note: apt cannot read all package sources of w1: .*127\.0\.0\.1:9.*\ndone\n$/m,
        );
      });

      it("fails with one sentence when the lab's own sources cannot be read", async () => {
        sandbox.write(OURS, `deb file:${sandbox.path("nowhere")} ./\n`);
        sandbox.write("etc/apt/sources.list", repository("theirs"));
        const ran = await read();
        assert.equal(ran.status, 1);
        assert.match(
          ran.stderr,
          /^reading the package lists\napt cannot read the sources in \/etc\/apt\/sources\.list\.d\/encaplab\.list on w1: .*nowhere.*\nfailed \(exit 1\): reading the package lists\n$/,
        );
      });

      it("waits while another apt holds the lock of the lists", async () => {
        sandbox.write(OURS, repository("ours"));
        const lock = "/var/lib/apt/lists/lock";
        const ran = await apt(
          `mkdir -p /var/lib/apt/lists; : >${lock}
           python3 -c 'import fcntl, time; f = open("${lock}", "w"); fcntl.lockf(f, fcntl.LOCK_EX); open("/run/locked", "w"); time.sleep(2)' &
           wait_for 20 "the other apt" test -e /run/locked
           cp /${OURS} "$RUN/sources"; read_lists; say done`,
        );
        assert.deepEqual([ran.status, ran.stderr], [0, "done\n"]);
        assert.equal(lists().length, 1);
      });
    });
  });
});
