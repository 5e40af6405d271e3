/** Node scripts of which everything is killed: the hardest of the three ways. */
import { killTheSteps } from "../../support/steps-killed";

killTheSteps("everything");
