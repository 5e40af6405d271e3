# shellcheck shell=bash
# Sourced by `run`. Makes images without a container engine: a docker-archive is a tar file with the layers (also tar
# files), a config for each image, and a manifest (https://github.com/moby/docker-image-spec/blob/main/v1.2.md).

# archive_layer FOLDER NAME: makes FOLDER/NAME into the layer NAME and removes it. The same files give the same bytes.
archive_layer() {
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$1/$2" -cf "$1/$2.tar" .
  rm -rf "${1:?}/$2"
}

# archive_image FOLDER ARCHITECTURE NAME:TAG CONFIG LAYER…: CONFIG is JSON with the image's Entrypoint, Cmd or Env.
archive_image() {
  local folder=$1 architecture=$2 name=$3 run=$4 layer config ids=()
  shift 4
  for layer in "$@"; do ids+=("sha256:$(sha256sum <"$folder/$layer.tar" | head -c 64)"); done
  config=$(jq -cn --arg architecture "$architecture" --argjson run "$run" '{
    architecture: $architecture, os: "linux", created: "1970-01-01T00:00:00Z",
    config: ($run + {
      Env: (["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] + ($run.Env // []))
    }),
    rootfs: { type: "layers", diff_ids: $ARGS.positional }
  }' --args "${ids[@]}")
  layer=$(printf %s "$config" | sha256sum | head -c 64).json
  printf %s "$config" >"$folder/$layer"
  jq -cn --arg config "$layer" --arg name "$name" '{Config: $config, RepoTags: [$name], Layers: $ARGS.positional}' \
    --args "${@/%/.tar}" >>"$folder/images"
}

# archive FOLDER FILE.tar: packs all layers and images of FOLDER, then removes FOLDER.
archive() {
  jq -cs . "$1/images" >"$1/manifest.json"
  rm "$1/images"
  tar -C "$1" -cf "$2" .
  rm -rf "${1:?}"
}
