/** Asks a cloud as the lab's program does: from a Pulumi program in a throw-away stack, which builds nothing. */
import { inThrowAwayStack } from "../../components/infrastructure/common";
import { Failure } from "./failure";

/**
 * Runs `ask` inside the engine, so that it can use a provider: the lab's own credentials, region and endpoints.
 * @throws whatever `ask` throws, or a {@link Failure} in the engine's words if `ask` is never run.
 */
export async function insideEngine<T>(ask: () => Promise<T>): Promise<T> {
  // The program runs in this process, so its result and its error need not go through the engine's outputs.
  const answer: { found?: { value: T }; thrown?: { error: unknown } } = {};
  const program = async () => {
    await ask().then(
      (value) => {
        answer.found = { value };
      },
      (error) => {
        answer.thrown = { error };
      },
    );
  };
  try {
    await inThrowAwayStack({ project: "encaplab-ask", stack: "ask" }, program, (stack) => stack.up());
  } catch (error) {
    if (!answer.thrown) throw new Failure(engineWords(error as Error), 1);
  }
  if (answer.thrown) throw answer.thrown.error;
  if (!answer.found) throw new Failure("The engine ended before the question was answered.", 1);
  return answer.found.value;
}

/** The engine's error messages, without its tables. */
function engineWords({ message }: Error): string {
  const lines = message.split("\n").map((line) => line.trim());
  const errors = [...new Set(lines.filter((line) => /^error: /.test(line)))];
  return errors.map((line) => line.slice("error: ".length)).join("\n") || message;
}
