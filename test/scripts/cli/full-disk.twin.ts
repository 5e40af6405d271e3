// A full disk at a few sizes. full-disk.matrix.ts walks them all.
import { fillTheDisk } from "../../support/disk-cases";

fillTheDisk({ sizes: [40, 3328], fills: [60_000], kills: [60_000] });
