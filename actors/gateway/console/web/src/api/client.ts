// Requests to the node's HTTP API, from which the page itself came.

const prefix = "/api/v1";

// Problem is a refusal of the API: code is for programs, message for people. Code "offline" means that the node was
// not reached at all.
export class Problem extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 0,
  ) {
    super(message);
  }
}

// problemOf makes a Problem of whatever was thrown.
export function problemOf(err: unknown): Problem {
  return err instanceof Problem ? err : new Problem("internal", String(err));
}

let over = () => {};

// unauthenticated says what to do when the node does not know any more who asks.
export function unauthenticated(what: () => void): void {
  over = what;
}

export const path = (strings: TemplateStringsArray, ...values: string[]): string =>
  String.raw({ raw: strings }, ...values.map(encodeURIComponent));

async function request(method: string, route: string, body?: unknown): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(prefix + route, {
      method,
      ...(body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
    });
  } catch {
    throw new Problem("offline", "the node cannot be reached");
  }
  if (response.ok) return response;
  if (response.status === 401 && method === "GET") over();
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } };
    throw new Problem(error.code, error.message, response.status);
  } catch (err) {
    if (err instanceof Problem) throw err;
    throw new Problem("offline", response.statusText, response.status); // not the node: something in between
  }
}

export async function get<T>(route: string): Promise<T> {
  return (await request("GET", route)).json() as Promise<T>;
}

export async function post<T>(route: string, body?: unknown): Promise<T> {
  const response = await request("POST", route, body);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export async function put<T>(route: string, body: unknown): Promise<T> {
  return (await request("PUT", route, body)).json() as Promise<T>;
}

export async function patch<T>(route: string, body: unknown): Promise<T> {
  return (await request("PATCH", route, body)).json() as Promise<T>;
}

export async function remove(route: string): Promise<void> {
  await request("DELETE", route);
}

// picture asks for a PNG by POST and returns an object URL, which the caller revokes.
export async function picture(route: string): Promise<string> {
  return URL.createObjectURL(await (await request("POST", route)).blob());
}

export const evidence = (account: string, name: string): string => prefix + path`/accounts/${account}/evidence/${name}`;

// patiently repeats a request while the node still reads what is asked for from its disk.
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (err) {
      if (problemOf(err).code !== "loading") throw err;
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}
