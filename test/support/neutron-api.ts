/** The APIs of a model of Neutron and Nova. */
import { Conflict, type Entry, LISTS, type List, type NeutronModel } from "./neutron-model";
import type { Live } from "./openstack-api";

/** The APIs: lists by tags, description, router or group; deletions, and the two requests to a router. */
export const apiOf =
  (model: NeutronModel): Live =>
  (method, path, body) => {
    const [, place = "", query = ""] =
      /^\/(?:network\/v2\.0|compute\/v2\.1)\/([^?]*)\??(.*)$/.exec(path) ?? [];
    const [collection = "", id = "", action = ""] = place.replace(/^vpn\//, "").split("/");
    const list = collection.replaceAll("-", "_").replace("os_", "") as List;
    if (!LISTS.includes(list)) return undefined;
    try {
      if (method === "GET") return { [list]: asked(model, list, query) };
      if (method === "DELETE") {
        if (!model.lists[list].some((one) => one.id === id)) return 404;
        model.drop(list, id);
        return 204;
      }
      if (action === "remove_router_interface")
        model.disconnect(id, (body as { subnet_id: string }).subnet_id);
      else
        for (const route of (body as { router: { routes: object[] } }).router.routes)
          model.dropRoute(id, route);
      return {};
    } catch (error) {
      if (error instanceof Conflict) return 409;
      throw error;
    }
  };

function asked(model: NeutronModel, list: List, query: string): object[] {
  const [, key = "", value = ""] = /^(\w+)=(.*)$/.exec(query) ?? [];
  const matches = (one: Entry): boolean => {
    if (key === "tags")
      return value.split(",").every((tag) => (one.tags as string[] | undefined)?.includes(tag));
    if (key === "security_group_id") return one.securityGroupId === value;
    return key === "" || one[key] === value;
  };
  const found = model.lists[list].filter(matches);
  return list === "keypairs" ? found.map(({ id }) => ({ keypair: { name: id } })) : found;
}
