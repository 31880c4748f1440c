import { mount } from "svelte";
import App from "./App.svelte";
import Link from "./pages/Link.svelte";
import { cluster } from "./state/cluster.svelte";
import { session } from "./state/session.svelte";
import "./tokens.css";

const target = document.getElementById("app")!;
const linked = () => /^#\/link\/([\w-]+)$/.exec(location.hash)?.[1];
const link = linked();
window.addEventListener("hashchange", () => {
  if (linked() !== link) location.reload(); // into a link, out of one, or from one to another
});
if (link) {
  mount(Link, { target, props: { token: link } }); // whoever holds the phone sees one code, and nothing of the console
} else {
  session.start(() => cluster.start());
  mount(App, { target });
}
