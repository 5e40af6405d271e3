# shellcheck shell=bash disable=SC2154 # here is set by `run`
# Sourced by `run`. Programs from Go modules; every module's hash is checked against go.sum by Go itself.

# compile_all FOLDER
compile_all() {
  local out=$1 go needed stamp
  stamp=$(version_stamp)
  needed=$(sed -n 's/^go //p' "$here"/*/go.mod | sort -V | tail -n 1)
  go=$(type -P go) || die "cluster: Kubernetes is compiled from Go modules, and there is no \`go\` on PATH; install Go $needed or newer: https://go.dev/dl/"
  say "cluster: compiling Kubernetes from Go modules with $("$go" env GOVERSION) (once; about 10 minutes on two cores)"
  # CGO_ENABLED=0: a program that needs nothing of the image it is put into. GOWORK and GOFLAGS of the user's could build
  # something that go.sum has not seen.
  export CGO_ENABLED=0 GOWORK=off GOFLAGS=
  compile pause ''
  compile etcd ''
  compile coredns ''
  compile kubernetes "$stamp"
  mv "$out/kubernetes" "$out/hyperkube"
  for name in kubeadm kubelet kubectl kube-apiserver kube-controller-manager kube-scheduler kube-proxy; do
    ln -s hyperkube "$out/$name"
  done
}

# compile NAME LDFLAGS: the program of that folder.
compile() {
  local name=$1 log=$out/log total status=0
  cd "$here/$name" || exit
  # Also fetches the modules, with "go: downloading …" lines on a cold cache.
  { "$go" list -mod=readonly -deps . >"$log.deps"; } 2>&1 | show "cluster: modules of $name" "$log" || status=$?
  if ((status == 0)); then
    total=$(wc -l <"$log.deps")
    "$go" build -v -mod=readonly -buildvcs=false -trimpath -ldflags "-s -w $2" -o "$out/$name" . 2>&1 |
      show "cluster: compiling $name" "$log" "$total" || status=$?
  fi
  if ((status != 0)); then
    say "cluster: $name could not be compiled; Go said:"
    grep -v '^[^ ]*$' "$log" | grep -v '^go: downloading' | tail -n 15 >&2 || true
    exit 1
  fi
  rm -f "$log" "$log.deps"
}

# Without it kubeadm does not know which images are its own.
version_stamp() {
  local version package=k8s.io/component-base/version
  version=$(sed -nE 's|^(require)?\s*k8s\.io/kubernetes v([0-9.]+)$|\2|p' "$here/kubernetes/go.mod")
  [ -n "$version" ] || die "cluster: $here/kubernetes/go.mod names no version of k8s.io/kubernetes; restore it from git"
  IFS=. read -r major minor _ <<<"$version"
  printf -- '-X %s=%s ' "$package.gitVersion" "v$version" "$package.gitMajor" "$major" "$package.gitMinor" "$minor" \
    "$package.gitTreeState" clean
}
