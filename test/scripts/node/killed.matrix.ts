/** Node scripts that are killed in all three ways. */
import { killTheSteps } from "../../support/steps-killed";

killTheSteps("the connection", "the shell", "everything");
