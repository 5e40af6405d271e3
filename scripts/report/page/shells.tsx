/** The shells of the live page: a bar at its lower edge, which opens into terminals. */
import { useRef, useState } from "preact/hooks";
import type { Places } from "../../cli/ui/messages";
import { Shell } from "./shell";
import "./shells.css";

/** Up to so many nodes have a button each. More are in the list, with the pods. */
const BUTTONS = 8;

/** A shell that is open. */
interface Open {
  id: number;
  place: string;
}

/** A shell for each place that the user picks. Each stays open until it ends, or is closed here. */
export function Shells({ places, isConnected }: { places: Places; isConnected: boolean }) {
  const [open, setOpen] = useState<Open[]>([]);
  const [shown, setShown] = useState<number>();
  const count = useRef(0);
  const list = useRef<HTMLSelectElement>(null);
  const { nodes, pods, network } = places;
  const buttons = nodes.length <= BUTTONS ? nodes : [];

  const start = (place: string) => {
    const id = ++count.current;
    setOpen((now) => [...now, { id, place }]);
    setShown(id);
  };
  const close = (id: number) => {
    setOpen((now) => now.filter((one) => one.id !== id));
    setShown((now) => (now === id ? open.findLast((one) => one.id !== id)?.id : now));
    // The keyboard's place was in the terminal that is gone.
    list.current?.focus();
  };
  if (nodes.length === 0 && open.length === 0) return null;
  return (
    <section class={`shells ${shown === undefined ? "" : "open"}`} aria-label="Shells">
      <div class="shell-bar">
        <h2>Shell on</h2>
        {buttons.map((name) => (
          <button type="button" key={name} disabled={!isConnected} onClick={() => start(name)}>
            {name}
          </button>
        ))}
        <select
          ref={list}
          aria-label="Open a shell on"
          value=""
          disabled={!isConnected || nodes.length === 0}
          onChange={({ currentTarget }) => {
            const { value } = currentTarget;
            currentTarget.value = "";
            if (value) start(value);
          }}
        >
          <option value="">{buttons.length > 0 ? "more…" : "choose…"}</option>
          <Group label="Nodes" names={nodes} />
          <Group label="Pods" names={pods} />
          <Group label="Network" names={network} />
        </select>
        <div class="tabs">
          {open.map(({ id, place }) => (
            <span key={id} class={id === shown ? "tab shown" : "tab"}>
              <button
                type="button"
                aria-expanded={id === shown}
                aria-controls={`shell-${id}`}
                onClick={() => setShown((now) => (now === id ? undefined : id))}
              >
                {titleOf(open, id, place)}
              </button>
              <button
                type="button"
                aria-label={`Close ${titleOf(open, id, place)}`}
                onClick={() => close(id)}
              >
                ×
              </button>
            </span>
          ))}
        </div>
      </div>
      {open.map(({ id, place }) => (
        <Shell
          key={id}
          id={`shell-${id}`}
          title={titleOf(open, id, place)}
          place={place}
          isShown={id === shown}
          onExit={() => close(id)}
        />
      ))}
    </section>
  );
}

/** `w1`, and `w1 (2)` for the second shell there. */
function titleOf(open: readonly Open[], id: number, place: string): string {
  const index = open.filter((one) => one.place === place).findIndex((one) => one.id === id);
  return index > 0 ? `${place} (${index + 1})` : place;
}

const Group = ({ label, names }: { label: string; names: readonly string[] }) =>
  names.length === 0 ? null : (
    <optgroup label={label}>
      {names.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </optgroup>
  );
