/** A part that is drawn again only if its own values have changed. */
import { Component, type ComponentChild } from "preact";

/** Makes a component of a function. A matrix of a hundred nodes has ten thousand cells, too many for each hop. */
export function memo<Props extends object>(draw: (props: Props) => ComponentChild) {
  return class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Readonly<Props>): boolean {
      return (Object.keys(next) as (keyof Props)[]).some((key) => next[key] !== this.props[key]);
    }
    override render() {
      return draw(this.props);
    }
  };
}
