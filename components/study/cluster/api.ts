/** The cluster's API: objects, and commands in pods. Needs no kubectl on this machine. */
import * as net from "node:net";
import { type Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type * as kubernetes from "@kubernetes/client-node";

/** An object of the cluster, with the fields that the caller expects. */
export type KubernetesObject = kubernetes.KubernetesObject & {
  metadata: kubernetes.V1ObjectMeta & { name: string };
};

/** Where a command runs. */
export interface Container {
  namespace: string;
  pod: string;
  container: string;
}

/** How a command ended. `code` is undefined if it did not end in time, or could not be started: `output` then says why. */
export interface Ran {
  code: number | undefined;
  output: string;
}

/** The streams of a command. */
export interface Streams {
  /** Is told what the command prints, as it comes. */
  hear?: (chunk: string) => void;
  /** What the command reads. Default: nothing. */
  input?: Readable;
}

/** Seconds until the API must have taken a connection, and answered a question. */
const CONNECT = 8;
const ANSWER = 30;

/** Who applied an object, for server-side apply. */
const MANAGER = "encaplab";

/** A cluster that cannot be measured, in a sentence for the user. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";
}

/** The API of one cluster. Every call has a time limit. */
export class ClusterApi {
  private constructor(
    private readonly objects: kubernetes.KubernetesObjectApi,
    private readonly strategy: kubernetes.PatchStrategy,
    private readonly execution: kubernetes.Exec,
  ) {}

  /**
   * @param kubeconfig its text.
   * @throws {ClusterError} when the kubeconfig cannot be read, or nothing answers at the address of the API.
   */
  static async connect(kubeconfig: string): Promise<ClusterApi> {
    const client = await load();
    const config = new client.KubeConfig();
    try {
      config.loadFromString(kubeconfig);
    } catch (error) {
      throw new ClusterError(`The kubeconfig cannot be read: ${(error as Error).message}.`);
    }
    const server = config.getCurrentCluster()?.server;
    if (!server) throw new ClusterError("The kubeconfig names no cluster.");
    await answers(new URL(server));
    const configuration = client.createConfiguration({
      baseServer: new client.ServerConfiguration(server, {}),
      authMethods: { default: config },
      promiseMiddleware: [
        {
          async pre(context) {
            context.setSignal(AbortSignal.timeout(ANSWER * 1000));
            return context;
          },
          post: async (response) => response,
        },
      ],
    });
    const objects = new client.KubernetesObjectApi(configuration);
    return new ClusterApi(objects, client.PatchStrategy.ServerSideApply, new client.Exec(config));
  }

  /** The objects of a kind; none if the cluster does not know the kind. @throws when the API does not answer. */
  async list<Kind extends KubernetesObject>(
    apiVersion: string,
    kind: string,
    { namespace, labels }: { namespace?: string; labels?: string } = {},
  ): Promise<Kind[]> {
    try {
      const found = await this.objects.list<Kind>(
        apiVersion,
        kind,
        namespace,
        ...[undefined, undefined, undefined, undefined],
        labels,
      );
      return found.items;
    } catch (error) {
      if (isUnknown(error)) return [];
      throw error;
    }
  }

  /** One object by its name; undefined if there is none, or the cluster does not know the kind. @throws as {@link list}. */
  async get(
    apiVersion: string,
    kind: string,
    name: string,
    namespace?: string,
  ): Promise<KubernetesObject | undefined> {
    try {
      return (await this.objects.read({
        apiVersion,
        kind,
        metadata: { name, namespace },
      })) as KubernetesObject;
    } catch (error) {
      if (isUnknown(error)) return undefined;
      throw error;
    }
  }

  /** Creates an object, or changes its fields to these. */
  async apply(object: KubernetesObject): Promise<KubernetesObject> {
    const applied = await this.objects.patch(object, undefined, undefined, MANAGER, true, this.strategy);
    return applied as KubernetesObject;
  }

  /** Deletes an object and what belongs to it. One that is gone is no error. @returns whether it was there. */
  async remove(object: KubernetesObject): Promise<boolean> {
    try {
      await this.objects.delete(object, undefined, undefined, 0, undefined, "Background");
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /**
   * Runs a program in a container. Never throws and never hangs: a node that does not answer is a result.
   * @param seconds until the connection is closed.
   */
  async run(
    { namespace, pod, container }: Container,
    command: string[],
    seconds: number,
    { hear, input }: Streams = {},
  ): Promise<Ran> {
    const kept: Buffer[] = [];
    const output = new Writable({
      write(chunk, _encoding, done) {
        kept.push(chunk);
        hear?.(chunk.toString());
        done();
      },
    });
    let socket: Awaited<ReturnType<kubernetes.Exec["exec"]>> | undefined;
    let late = false;
    const work = async (): Promise<number | string> => {
      let status: kubernetes.V1Status | undefined;
      const keep = (told: kubernetes.V1Status) => {
        status = told;
      };
      const opened = await this.execution.exec(
        namespace,
        pod,
        container,
        command,
        output,
        output,
        input ?? null,
        false,
        keep,
      );
      if (late) opened.terminate();
      socket = opened;
      await new Promise<void>((resolve) => {
        opened.addEventListener("close", () => resolve());
        opened.addEventListener("error", () => resolve());
      });
      return status ? codeOf(status) : "the connection ended before the command";
    };
    const stop = new AbortController();
    const limit = delay(seconds * 1000, `no answer within ${seconds} s`, { signal: stop.signal });
    limit.catch(() => {});
    const end = await Promise.race([work().catch(reason), limit]);
    late = true;
    stop.abort();
    socket?.terminate();
    const text = Buffer.concat(kept).toString("utf8");
    return typeof end === "number"
      ? { code: end, output: text }
      : { code: undefined, output: `${text}${end}\n` };
  }
}

/** The package is an ES module, which takes half a second to load. */
async function load(): Promise<typeof kubernetes> {
  const name = "@kubernetes/client-node";
  try {
    return require(name) as typeof kubernetes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_REQUIRE_ESM") throw error;
    // Before Node 20.19. TypeScript would make a `require` of a plain `import()`.
    const load = new Function("url", "return import(url)") as (url: string) => Promise<typeof kubernetes>;
    return load(pathToFileURL(require.resolve(name)).href);
  }
}

/** @throws {ClusterError} when nothing takes a connection. */
async function answers({ hostname, port }: URL): Promise<void> {
  const host = hostname.replace(/^\[|\]$/g, "");
  const socket = net.connect({ host, port: Number(port || 443), timeout: CONNECT * 1000 });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve).once("error", reject);
      socket.once("timeout", () => reject(new Error(`no answer within ${CONNECT} s`)));
    });
  } catch (error) {
    throw new ClusterError(
      `The cluster's API at ${host}:${port || 443} cannot be reached from this machine: ${(error as Error).message}.`,
    );
  } finally {
    socket.destroy();
  }
}

const isNotFound = (error: unknown): boolean => (error as { code?: unknown }).code === 404;

/** Whether the cluster has no such object, or does not know its kind at all. */
const isUnknown = (error: unknown): boolean =>
  isNotFound(error) || /Unrecognized API version and kind/.test((error as Error).message);

/** The exit code, which Kubernetes hides in a list of causes. */
function codeOf({ status, message = "", details }: kubernetes.V1Status): number | string {
  if (status === "Success") return 0;
  const code = details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  return code === undefined ? message : Number(code);
}

/** Why a connection could not be opened, in one line. */
const reason = (error: unknown): string => {
  const { message } = error as { message?: string };
  return (message ?? String(error)).split("\n")[0] || "the connection was refused";
};
