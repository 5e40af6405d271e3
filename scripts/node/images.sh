# shellcheck shell=bash
# images: which image archives this node has not taken in yet. SUMS: the archives' SHA-256, one a line; IMPORTED: empty, or
# the sum of the archive that `ctr images import` has just taken in. Its result: the sums that are missing, one a line.
create() {
  need SUMS IMPORTED
  local sum missing=''
  mkdir -p "$STATE/images"
  if [ -n "$IMPORTED" ]; then remember_images; fi
  while read -r sum; do
    if [ -n "$sum" ] && ! has_images_of "$sum"; then missing+=$sum$'\n'; fi
  done <<<"$SUMS"
  image_names >"$RUN/images"
  result "${missing%$'\n'}"
}

# Only what was not there before: reset.sh takes these images away again.
remember_images() {
  comm -13 "$RUN/images" <(image_names) >"$STATE/images.new"
  # An archive that is taken in again, because an image of it was lost, brings the other ones it had.
  if [ -e "$STATE/images/$IMPORTED" ]; then
    sort -u "$STATE/images.new" "$STATE/images/$IMPORTED" >"$STATE/images.all"
    mv "$STATE/images.all" "$STATE/images.new"
  fi
  mv "$STATE/images.new" "$STATE/images/$IMPORTED"
}

# Somebody may have removed an image since.
has_images_of() {
  [ -e "$STATE/images/$1" ] && [ -z "$(comm -23 "$STATE/images/$1" <(image_names))" ]
}

image_names() { ctr --namespace k8s.io images list --quiet | { grep -v '^sha256:' || true; } | sort; }
