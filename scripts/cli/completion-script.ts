/** Completion scripts, made from the program's own commands. Stacks are listed when the user asks for them. */
import * as path from "node:path";
import type { Command } from "commander";
import { quote } from "../../components/cluster/steps";

const STACKS = path.resolve(__dirname, "../../stacks");

/** What may follow a command. */
interface Entry {
  name: string;
  about: string;
  options: { flag: string; about: string }[];
  /** Words of its first argument; the string `stacks` for the names of stacks. */
  words: readonly string[] | "stacks";
}

/** The script for a shell. */
export function completionScript(shell: "bash" | "zsh" | "fish", program: Command): string {
  return { bash, zsh, fish }[shell](entriesOf(program));
}

function entriesOf(program: Command): Entry[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((command) => {
      const [argument] = command.registeredArguments;
      const isStack = argument?.name() === "stack";
      return {
        name: command.name(),
        about: command.summary() || command.description(),
        options: command
          .createHelp()
          .visibleOptions(command)
          .flatMap(({ long, description }) => (long ? [{ flag: long, about: description }] : [])),
        words: isStack ? "stacks" : (argument?.argChoices ?? []),
      };
    });
}

const flags = ({ options }: Entry): string => options.map(({ flag }) => flag).join(" ");
const names = (entries: readonly Entry[]): string => entries.map(({ name }) => name).join(" ");

/** Shell code that lists the stacks, one a line. */
const listStacks = `(cd ${quote(STACKS)} 2>/dev/null && printf '%s\\n' Pulumi.*.yaml | sed 's/^Pulumi\\.//; s/\\.yaml$//')`;

function bash(entries: readonly Entry[]): string {
  const cases = entries.map(
    (entry) =>
      `    ${entry.name}) options=${quote(flags(entry))} words=${entry.words === "stacks" ? `$${listStacks}` : quote(entry.words.join(" "))} ;;`,
  );
  return `# bash completion for lab. Made by \`lab completion bash\`.
_lab() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} options='' words=''
  case \${COMP_WORDS[1]} in
${cases.join("\n")}
  esac
  if ((COMP_CWORD == 1)); then
    options=--help words=${quote(names(entries))}
  elif [[ $previous == --stack || $previous == -s ]]; then
    options='' words=$${listStacks}
  elif ((COMP_CWORD > 2)); then
    words=''
  fi
  if [[ $current == -* ]]; then words=$options; fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _lab lab
`;
}

function zsh(entries: readonly Entry[]): string {
  const described = entries.map(({ name, about }) => quote(`${name}:${about}`)).join(" ");
  const cases = entries.map(
    (entry) =>
      `    ${entry.name}) options=(${flags(entry)}) choices=(${entry.words === "stacks" ? `\${(f)"$${listStacks}"}` : entry.words.join(" ")}) ;;`,
  );
  return `#compdef lab
# zsh completion for lab. Made by \`lab completion zsh\`.
_lab() {
  local -a commands options choices
  commands=(${described})
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  case $words[2] in
${cases.join("\n")}
  esac
  if [[ $words[CURRENT-1] == --stack || $words[CURRENT-1] == -s ]]; then
    options=() choices=(\${(f)"$${listStacks}"})
  elif ((CURRENT > 3)); then
    choices=()
  fi
  if [[ $words[CURRENT] == -* ]]; then choices=($options); fi
  compadd -- $choices
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _lab "$@"; else compdef _lab lab; fi
`;
}

function fish(entries: readonly Entry[]): string {
  const lines = entries.flatMap(({ name, about, options, words }) => {
    const after = `complete -c lab -n '__fish_seen_subcommand_from ${name}'`;
    const list = words === "stacks" ? listStacks : words.join(" ");
    return [
      `complete -c lab -n __fish_use_subcommand -a ${name} -d ${quote(about)}`,
      ...(list === "" ? [] : [`${after} -a ${quote(list)}`]),
      ...options.map(({ flag, about: text }) => {
        const value = flag === "--stack" ? ` -x -a ${quote(listStacks)}` : "";
        return `${after} -l ${flag.slice(2)} -d ${quote(text)}${value}`;
      }),
    ];
  });
  return `# fish completion for lab. Made by \`lab completion fish\`.\ncomplete -c lab -f\n${lines.join("\n")}\n`;
}
