# shellcheck shell=bash
# Step `members`, on the control plane: prints the names of the cluster's nodes, one per line.
create() {
  local names
  names=$(api get nodes --output 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}')
  result "$names"
}
