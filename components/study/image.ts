/** The image of the study's pods: a reference, or an archive that names one. */
import { execFileSync } from "node:child_process";
import { ConfigError, STUDY_IMAGE, type StudyConfig } from "../config";

/** The image, and the archive that every node must import before it can be used. */
export interface StudyImage {
  /** The reference by which pods name it. */
  image: string;
  /** A path as the config has it. */
  archive?: string;
}

/**
 * The image that a config names.
 * @throws {ConfigError} when it is an archive that cannot be read, or that names no image.
 */
export function studyImage({ image = STUDY_IMAGE }: StudyConfig = {}): StudyImage {
  if (!isArchive(image)) return { image };
  const allowed = "it must be the path of an image archive, as `docker save -o FILE NAME:TAG` writes it";
  let manifest: { RepoTags?: string[] | null }[];
  try {
    // tar looks by itself whether the file is compressed.
    const text = execFileSync("tar", ["-xOf", image, "manifest.json"], { encoding: "utf8", stdio: "pipe" });
    manifest = JSON.parse(text);
  } catch (error) {
    const [why] = String((error as { stderr?: string }).stderr || (error as Error).message).split("\n");
    throw wrong(image, `the archive cannot be read (${why}); ${allowed}`);
  }
  const name = manifest[0]?.RepoTags?.[0];
  if (!name) throw wrong(image, `the archive does not name its image; ${allowed}`);
  return { image: name, archive: image };
}

/** A path begins with `/` or `.`, or ends as an archive does. No reference of an image does that. */
const isArchive = (image: string): boolean => /^[./~]/.test(image) || /\.(tar|tgz|tar\.gz)$/.test(image);

const wrong = (value: string, message: string): ConfigError =>
  new ConfigError([{ key: "study.image", value, message }]);
