/** CI's share of killed-engine tests: 6 moments, with both kinds of kill and both ways to go on. */
import { killTheEngine } from "../../support/twin-killed";

killTheEngine({ up: 2, switch: 2, destroy: 2 });
