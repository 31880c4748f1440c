// The page's address is its hash, so that the server needs to know only "/".

export type Route =
  | { page: "accounts" }
  | { page: "account"; account: string }
  | { page: "login"; account: string }
  | { page: "inbox"; account?: string; topic?: string }
  | { page: "queue" }
  | { page: "proxies" }
  | { page: "platforms" }
  | { page: "nodes" }
  | { page: "people" };

// parse reads a hash; what it does not know is the list of accounts.
function parse(hash: string): Route {
  const [page, id, more] = hash.replace(/^#\/?/, "").split("/").map(decode);
  if (page === "inbox") return { page, ...(id && id !== "all" ? { account: id } : {}), ...(more ? { topic: more } : {}) };
  if (page === "queue" || page === "nodes" || page === "proxies" || page === "platforms" || page === "people") return { page };
  if (page === "accounts" && id) return { page: more === "login" ? "login" : "account", account: id };
  return { page: "accounts" };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

// href is the address of a route.
export function href(to: Route): string {
  const parts: string[] = [];
  if (to.page === "inbox") parts.push("inbox", ...(to.account || to.topic ? [to.account ?? "all"] : []), ...(to.topic ? [to.topic] : []));
  else if (to.page === "account") parts.push("accounts", to.account);
  else if (to.page === "login") parts.push("accounts", to.account, "login");
  else parts.push(to.page);
  return "#/" + parts.map(encodeURIComponent).join("/");
}

class Router {
  route = $state.raw<Route>(parse(location.hash));

  constructor() {
    window.addEventListener("hashchange", () => (this.route = parse(location.hash)));
  }

  go(to: Route): void {
    location.hash = href(to);
  }
}

export const router = new Router();
