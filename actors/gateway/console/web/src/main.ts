import { mount } from "svelte";
import App from "./App.svelte";
import { cluster } from "./state/cluster.svelte";
import "./tokens.css";

cluster.start();
mount(App, { target: document.getElementById("app")! });
