package assets

import "wiabctl/provision/change"

// The failures that a user can meet here.
var (
	ArtifactDigest = change.Kind{
		ID: "artifact-digest", Exit: 50,
		Advice: "compare the configured sha256 with the one of the file you mean, then correct the sha256 or the url",
	}
	DownloadFailed = change.Kind{
		ID: "download-failed", Exit: 51,
		Advice: "open the URL from this host (curl -I), check artifact.hash and any proxy, then run again",
	}
	ArtifactForeign = change.Kind{
		ID: "artifact-foreign", Exit: 52,
		Advice: "move the existing wire-server-deploy away (its inventory and secrets are worth keeping), then run again",
	}
	ArtifactIncomplete = change.Kind{
		ID: "artifact-incomplete", Exit: 53,
		Advice: "use the hash of a wire-server-deploy-static build, release 5.25 or newer",
	}
	ArtifactUnsafe = change.Kind{
		ID: "artifact-unsafe", Exit: 54,
		Advice: "do not use this archive; get the artifact from its publisher and configure its sha256",
	}
	ArtifactCorrupt = change.Kind{
		ID: "artifact-corrupt", Exit: 55,
		Advice: "run again to download it anew; if that repeats, the URL does not lead to a whole .tgz",
	}
	NoSpace = change.Kind{
		ID: "no-space", Exit: 56,
		Advice: "free space on that file system or configure another directory, then run again",
	}
	CarryUnsafe = change.Kind{
		ID: "carry-unsafe", Exit: 27,
		Advice: "put a plain file or directory in its place, or remove it, then run `wiabctl up` again; the active version stays as it is until then",
	}
	ImageUnusable = change.Kind{
		ID: "image-unusable", Exit: 57,
		Advice: "configure the url of a cloud image in qcow2 or raw format (and install qemu-utils)",
	}
	ImageInUse = change.Kind{
		ID: "image-in-use", Exit: 59,
		Advice: "remove that disk if nobody needs it, or give it a base image of its own (qemu-img rebase), then run again",
	}
	KeyUnusable = change.Kind{
		ID: "key-unusable", Exit: 58,
		Advice: "restore the key file from a backup, or move it away to have a new one made where no VM uses it yet",
	}
)

// Kinds lists the failures of this package.
func Kinds() []change.Kind {
	return []change.Kind{ArtifactDigest, DownloadFailed, ArtifactForeign, ArtifactIncomplete, ArtifactUnsafe, ArtifactCorrupt, NoSpace, CarryUnsafe, ImageUnusable, ImageInUse, KeyUnusable}
}
