# shellcheck shell=bash
# Step `images`: prints the sums of the image archives that this node has not imported yet, one per line. SUMS: the
# archives' SHA-256, one per line; IMPORTED: empty, or the sum of the archive that `ctr images import` has just
# imported.
create() {
  need SUMS IMPORTED
  local sum missing=''
  mkdir -p "$STATE/images"
  image_names >"$RUN/images.now"
  if [[ -n $IMPORTED ]]; then remember_images; fi
  while read -r sum; do
    if [[ -n $sum ]] && ! has_images_of "$sum"; then missing+=$sum$'\n'; fi
  done <<<"$SUMS"
  mv "$RUN/images.now" "$RUN/images"
  result "${missing%$'\n'}"
}

# Records only the images that were not there before: reset.sh removes the recorded images.
remember_images() {
  comm -13 "$RUN/images" "$RUN/images.now" >"$STATE/images.new"
  # When an archive is imported again because one image was lost, its other images are already there and not new: keep
  # them.
  if [[ -e "$STATE/images/$IMPORTED" ]]; then
    sort -u "$STATE/images.new" "$STATE/images/$IMPORTED" >"$STATE/images.all"
    mv "$STATE/images.all" "$STATE/images.new"
  fi
  mv "$STATE/images.new" "$STATE/images/$IMPORTED"
}

# The record alone is not enough: a user may have removed an image since.
has_images_of() {
  local lost
  [[ -e "$STATE/images/$1" ]] || return 1
  lost=$(comm -23 "$STATE/images/$1" "$RUN/images.now")
  [[ -z $lost ]]
}

image_names() { ctr --namespace k8s.io images list --quiet | { grep -v '^sha256:' || true; } | sort; }
