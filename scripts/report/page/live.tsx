/** The page of `lab ui`: the report of a lab that changes, what changes it, and shells in it. */
import "./base.css";
import "./card.css";
import "./tables.css";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { encapsulationText } from "../../../components/plan";
import type { Live } from "../../cli/ui/messages";
import { App } from "./app";
import { News } from "./news";
import { Shells } from "./shells";
import { socketTo } from "./socket";
import "./narrow.css";
import "./print.css";

/** The lab as the server last told it. */
function LivePage() {
  const [live, setLive] = useState<Live>();
  const [isConnected, setConnected] = useState(true);
  useEffect(() => {
    const socket = socketTo("/live");
    socket.onmessage = ({ data }) => {
      const told = JSON.parse(data) as Live;
      setLive((before) => ({ report: before?.report, ...told }));
    };
    socket.onclose = () => setConnected(false);
    return () => socket.close();
  }, []);
  const { report } = live ?? {};
  useEffect(() => {
    if (report) document.title = `${report.stack}: ${encapsulationText(report.plan)} · encaplab`;
  }, [report]);
  const news = <News live={live} isConnected={isConnected} />;
  if (!live || !report)
    return (
      <main class="alone">
        <h1>encaplab</h1>
        {news}
      </main>
    );
  return (
    <App report={report} news={news}>
      <Shells places={live.places} isConnected={isConnected} />
    </App>
  );
}

const root = document.getElementById("page");
if (root) render(<LivePage />, root);
