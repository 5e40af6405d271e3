/** The report's page. It runs in a browser, from a file, and asks no server for anything. */
import "./base.css";
import "./card.css";
import "./tables.css";
import { render } from "preact";
import type { Report } from "../../../components/study/report";
import { App } from "./app";
import "./narrow.css";
import "./print.css";

const data = document.getElementById("report")?.textContent ?? "";
const root = document.getElementById("page");
if (root) render(<App report={JSON.parse(data) as Report} />, root);

// What is folded away on the screen belongs on the paper, too.
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details")) one.open = true;
});
