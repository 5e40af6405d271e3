# shellcheck shell=bash
# members, on the control plane: the names of the cluster's nodes, one a line, are its result.
create() {
  local names
  names=$(api get nodes --output 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}')
  result "$names"
}
