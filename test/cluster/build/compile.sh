# shellcheck shell=bash disable=SC2154 # here is set by `run`
# Sourced by `run`. Compiles programs from Go modules. Go itself checks every module's hash against go.sum.

# Each of these folders has a go.mod of its own.
kubernetes_modules=(pause etcd coredns kubernetes)
calico_module=github.com/projectcalico/calico

# sources_of FOLDER…: prints the files that decide what is compiled in these folders. Lists only files that exist: the
# key of a missing file would be its path, and each checkout would compile everything again.
sources_of() {
  (cd "$here" && find "$@" '(' -name '*.go' -o -name go.mod -o -name go.sum ')' -printf "$here/%p\n" | LC_ALL=C sort)
}

# compile_kubernetes FOLDER: compiles the programs of a node into FOLDER.
compile_kubernetes() {
  local out=$1 go stamp name
  stamp=$(version_stamp)
  find_go "${kubernetes_modules[@]}"
  say "cluster: compiling Kubernetes from Go modules with $("$go" env GOVERSION) (once; about 10 minutes on two cores)"
  compile pause ''
  compile etcd ''
  compile coredns ''
  compile kubernetes "$stamp"
  mv "$out/kubernetes" "$out/hyperkube"
  for name in kubeadm kubelet kubectl kube-apiserver kube-controller-manager kube-scheduler kube-proxy; do
    ln -s hyperkube "$out/$name"
  done
}

# compile_calico FOLDER: compiles the programs of Calico's images into FOLDER, and copies the module's text files for
# them.
compile_calico() {
  local out=$1 go source version flags='' variable
  find_go calico
  say "cluster: compiling Calico from Go modules with $("$go" env GOVERSION) (once; about 5 minutes on two cores)"
  run_shown "cluster: modules of calico" "$go" -C "$here/calico" mod download "$calico_module" || exit 1
  source=$("$go" -C "$here/calico" list -mod=readonly -m -f '{{.Dir}}' "$calico_module")
  version=$(sed -n 's|.*image: docker.io/calico/node:||p' "$source/manifests/calico.yaml" | head -n 1)
  # Without a version calico-node refuses to write the cluster's ClusterInformation.
  for variable in node/pkg/lifecycle/startup.VERSION node/buildinfo.GitVersion felix/buildinfo.GitVersion; do
    flags+=" -X $calico_module/$variable=$version"
  done
  compile calico "$flags -X main.VERSION=$version" "$calico_module"/{node/cmd/calico-node,cni-plugin/cmd/calico} \
    "$calico_module"/cni-plugin/cmd/install "$calico_module"/kube-controllers/cmd/{kube-controllers,check-status}
  mkdir "$out/files"
  cp -r "$source/manifests/calico.yaml" "$source/node/filesystem" "$source/confd/etc/calico/confd" "$out/files/"
  chmod -R u+w,a+rX "$out/files" # they are read-only in Go's module cache
  printf '%s\n' "$version" >"$out/version"
}

# find_go FOLDER…: sets the variable `go`, and exports what keeps a build to the modules in go.sum. CGO_ENABLED=0: such
# a program needs no C library in its image.
find_go() {
  local needed
  needed=$(cd "$here" && sed -n 's/^go //p' "${@/%//go.mod}" | sort -V | tail -n 1)
  go=$(type -P go) ||
    die "cluster: cannot compile Kubernetes and Calico, because go is not on PATH;" \
      "install Go $needed or newer: https://go.dev/dl/"
  export CGO_ENABLED=0 GOWORK=off GOFLAGS=
}

# compile NAME LDFLAGS [PACKAGE…]: compiles the program of the folder NAME or, with packages, one program for each
# package.
compile() {
  local name=$1 flags=$2 log=$out/log total status=0 packages=(.) target=$out/$1
  shift 2
  if (($#)); then packages=("$@") target=$out/; fi
  cd "$here/$name" || exit
  # This also downloads the modules. On a cold cache it prints "go: downloading …" lines.
  { "$go" list -mod=readonly -deps "${packages[@]}" >"$log.deps"; } 2>&1 |
    show "cluster: modules of $name" "$log" || status=$?
  if ((status == 0)); then
    total=$(wc -l <"$log.deps")
    "$go" build -v -mod=readonly -buildvcs=false -trimpath -ldflags "-s -w $flags" -o "$target" "${packages[@]}" 2>&1 |
      show "cluster: compiling $name" "$log" "$total" || status=$?
  fi
  if ((status != 0)); then
    say "cluster: $name could not be compiled; Go said:"
    grep -v '^[^ ]*$' "$log" | grep -v '^go: downloading' | tail -n 15 >&2 || true
    exit 1
  fi
  rm -f "$log" "$log.deps"
}

# Prints linker flags with the version. Without them kubeadm does not know the tags of its images.
version_stamp() {
  local version package=k8s.io/component-base/version
  version=$(sed -nE 's|^(require)?\s*k8s\.io/kubernetes v([0-9.]+)$|\2|p' "$here/kubernetes/go.mod")
  [[ -n $version ]] || die "cluster: $here/kubernetes/go.mod names no version of k8s.io/kubernetes; restore it from git"
  IFS=. read -r major minor _ <<<"$version"
  printf -- '-X %s=%s ' "$package.gitVersion" "v$version" "$package.gitMajor" "$major" "$package.gitMinor" "$minor" \
    "$package.gitTreeState" clean
}
