import { get, post, problemOf, remove, unauthenticated, type Problem } from "../api/client";
import type { Caller } from "../api/types";

// Session is who uses this page. Nothing else is asked of the node before that is known.
class Session {
  caller = $state.raw<Caller>();
  problem = $state.raw<Problem>(); // why it is not known yet
  #started = false;

  // start asks once and calls begin as soon as somebody is signed in.
  start(begin: () => void): void {
    unauthenticated(() => void this.check());
    $effect.root(() => {
      $effect(() => {
        if (this.#started || !this.signedIn) return;
        this.#started = true;
        begin();
      });
    });
    void this.check();
  }

  get signedIn(): boolean {
    return !!this.caller?.name;
  }

  // may says whether the person has at least that role.
  may(role: string): boolean {
    const roles = ["viewer", "agent", "operator", "admin"];
    return roles.indexOf(this.caller?.role ?? "") >= roles.indexOf(role);
  }

  async check(): Promise<void> {
    try {
      this.caller = await get<Caller>("/session");
      this.problem = undefined;
    } catch (err) {
      this.problem = problemOf(err);
    }
  }

  async signIn(user: string, password: string): Promise<void> {
    this.caller = await post<Caller>("/session", { user, password });
  }

  async claim(code: string, user: string, password: string): Promise<void> {
    this.caller = await post<Caller>("/first-admin", { code, user, password });
  }

  async signOut(): Promise<void> {
    await remove("/session");
    location.reload(); // what was read before is gone with it
  }
}

export const session = new Session();
