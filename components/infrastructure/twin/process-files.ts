/**
 * Processes that live in one of the twin's namespaces, each found again by a file with its pid: the pause process of each
 * pod, by which `lsns -t net` lists the pod as on a real node, and the internet's web server.
 */

/** Folder of the files. */
const PIDS = "/run/encaplab/processes";

/** The pause processes' program. `make-pause` writes it once for each sandbox. */
const PAUSE = "/run/encaplab/pause";

/** Bash that starts a process of that name. Runs under a part's lock, which the process must not hold. */
export const startProcess = (name: string, namespace: string, program: string): string =>
  [
    `[[ -d ${PIDS} ]] || mkdir -p ${PIDS}`,
    `setsid nsenter --net=/run/netns/${namespace} ${program} {lock}>&- < /dev/null > /dev/null 2>&1 &`,
    `echo $! > ${PIDS}/${name}`,
  ].join("\n");

/** Bash that starts the pods' pause processes. */
export const startPauses = (pods: readonly string[]): string =>
  [`[[ -x ${PAUSE} ]] || make-pause ${PAUSE}`, ...pods.map((pod) => startProcess(pod, pod, PAUSE))].join(
    "\n",
  );

/**
 * Bash that ends these processes. A process keeps its namespace alive, even if the namespace has no name any more. What is
 * missing is no error.
 */
export function endProcesses(names: readonly string[]): string {
  return [
    `for file in ${names.map((name) => `${PIDS}/${name}`).join(" ")}; do`,
    // The pid may be another process's by now.
    "  if read -r pid 2> /dev/null < $file && mapfile -d '' -t argv 2> /dev/null < /proc/$pid/cmdline && [[ ${argv[*]} == */run/encaplab/* ]]; then",
    "    kill -9 $pid 2> /dev/null || true",
    "  fi",
    "  [[ ! -e $file ]] || rm -f $file",
    "done",
  ].join("\n");
}

/**
 * Bash that ends a daemon and waits until its sockets are closed: it keeps its namespace alive. What is missing is no error.
 * @param file its pid's, as a bash word. @param name as the kernel has it (`comm`): the pid may be another process's by now.
 */
export const endDaemon = (file: string, name: string): string =>
  [
    `if read -r pid 2> /dev/null < ${file} && read -r name 2> /dev/null < /proc/$pid/comm && [[ $name == ${name} ]]; then`,
    "  kill -9 $pid 2> /dev/null || true",
    // A zombie has closed everything, once its other threads are gone. Process 1 reaps it later.
    "  threads=(/proc/$pid/task/*)",
    '  while read -r line 2> /dev/null < /proc/$pid/stat && [[ $line != *") Z "* || ${#threads[@]} -gt 1 ]]; do threads=(/proc/$pid/task/*); done',
    "fi",
  ].join("\n");
