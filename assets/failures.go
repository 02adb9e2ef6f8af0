package assets

import "wiabctl/provision/change"

// The failures that a user can meet here.
var (
	ArtifactDigest = change.Kind{
		ID: "artifact-digest", Exit: 50,
		Means:  "a file that was downloaded has another sha256 than the configured or published one",
		Advice: "compare the sha256 with the one of the file you mean, then correct the configured sha256 or url; a publisher's list that was just renewed is right when you run again",
		Breaks: "what is unpacked is not what is configured, and `up` refuses to go on", Command: "sudoedit /etc/wiabctl/wiabctl.yaml",
	}
	DigestChanged = change.Kind{
		ID: "digest-changed", Exit: 94,
		Means:  "a file that was downloaded is not the one that came first under this name",
		Advice: "ask the publisher why the file is another one by now; if the new one is right, configure its sha256",
	}
	DigestUnknown = change.Kind{
		ID: "digest-unknown", Exit: 95,
		Means:  "what is kept of a file's first digest cannot be read",
		Advice: "restore that file from a backup, or delete it to trust the next download",
		Breaks: "what was downloaded cannot be told from something else", Command: "ls -l /var/lib/wiabctl/digests",
	}
	BundleUnusable = change.Kind{
		ID: "bundle-unusable", Exit: 89,
		Means:  "the bundle for a host without internet lacks something, or is not whole",
		Advice: "make a bundle with this configuration (wiabctl assets bundle DIR) in a directory of its own, and set assets.source to a whole copy of it",
		Breaks: "nothing comes from the bundle, and nothing from the internet", Command: "sudoedit /etc/wiabctl/wiabctl.yaml",
	}
	CacheBusy = change.Kind{
		ID: "cache-busy", Exit: 92,
		Means:  "another wiabctl downloads into the cache",
		Advice: "wait until it has ended, then run the same command again",
	}
	DownloadFailed = change.Kind{
		ID: "download-failed", Exit: 51,
		Means:  "a file could not be downloaded",
		Advice: "open the URL from this host (curl -I), check what names it in the configuration (artifact, vms.image) and any proxy, then run again",
		Breaks: "what is missing of the artifact or the base image does not come", Command: "wiabctl assets pull", Overrulable: true,
	}
	ArtifactForeign = change.Kind{
		ID: "artifact-foreign", Exit: 52,
		Means:  "a deploy directory is there that wiabctl did not unpack",
		Advice: "move the existing wire-server-deploy away (its inventory and secrets are worth keeping), then run again",
		Breaks: "the artifact cannot be unpacked in its place", Command: "ls -ld /home/wire/wire-server-deploy*",
	}
	ArtifactIncomplete = change.Kind{
		ID: "artifact-incomplete", Exit: 53,
		Means:  "the artifact lacks files that the installation needs",
		Advice: "use the hash of a wire-server-deploy-static build, release 5.25 or newer",
	}
	ArtifactUnsafe = change.Kind{
		ID: "artifact-unsafe", Exit: 54,
		Means:  "the archive has members that would leave their directory",
		Advice: "do not use this archive; get the artifact from its publisher and configure its sha256",
	}
	ArtifactCorrupt = change.Kind{
		ID: "artifact-corrupt", Exit: 55,
		Means:  "the archive cannot be unpacked, or its checksum is wrong",
		Advice: "run again to download it anew; if that repeats, the URL does not lead to a whole .tgz",
	}
	NoSpace = change.Kind{
		ID: "no-space", Exit: 56,
		Means:  "a file system is full, or has too little room for what is to come",
		Advice: "free space on that file system or configure another directory, then run again",
		Breaks: "the download, or what is unpacked of it, does not fit", Command: "df -h /var/cache/wiabctl /home", Overrulable: true,
	}
	CarryUnsafe = change.Kind{
		ID: "carry-unsafe", Exit: 68,
		Means:  "something in the deploy directory cannot be carried over to another version safely",
		Advice: "put a plain file or directory in its place, or remove it, then run `wiabctl up` again; the active version stays as it is until then",
	}
	ImageUnusable = change.Kind{
		ID: "image-unusable", Exit: 57,
		Means:  "the base image is no disk that VMs can start from",
		Advice: "configure the url of a cloud image in qcow2 or raw format (and install qemu-utils)",
		Breaks: "the VMs' disks cannot be made", Command: "sudoedit /etc/wiabctl/wiabctl.yaml",
	}
	ImageInUse = change.Kind{
		ID: "image-in-use", Exit: 59,
		Means:  "the base image cannot go, for a disk stands on it",
		Advice: "remove that disk if nobody needs it, or give it a base image of its own (qemu-img rebase), then run again",
	}
	ArtifactOutdated = change.Kind{
		ID: "artifact-outdated", Exit: 74,
		Means:  "the artifact is of a release that wiabctl cannot install",
		Advice: "use the hash of release 5.25 or newer; scripts from before April 2026 deploy a domain of their own",
	}
	ArtifactUnknown = change.Kind{
		ID: "artifact-unknown", Exit: 75,
		Means:  "the artifact is of a release that this wiabctl does not know",
		Advice: "use the hash of a release from 5.25 to 5.32, or a wiabctl that knows this one",
		Breaks: "overlays may be silently dropped by charts that have changed", Command: "sudoedit /etc/wiabctl/wiabctl.yaml", Overrulable: true,
	}
	RepositoryKey = change.Kind{
		ID: "repository-key", Exit: 76,
		Means:  "the key that signs the artifact's Debian packages has expired, will soon, or fits not",
		Advice: "use the hash of a newer build, whose key is valid: apt on the VMs refuses the packages of this one",
		Breaks: "apt on the VMs refuses the artifact's packages", Command: "sudoedit /etc/wiabctl/wiabctl.yaml", Overrulable: true,
	}
	ImageSums = change.Kind{
		ID: "image-sums", Exit: 77,
		Means:  "the publisher's list of digests cannot be had, or does not name the base image",
		Advice: "set vms.image.sums to the SHA256SUMS that lists the file of vms.image.url, or configure vms.image.sha256 instead",
	}
	ImageSignature = change.Kind{
		ID: "image-signature", Exit: 78,
		Means:  "the publisher's list of digests is not signed by a key that is trusted",
		Advice: "set vms.image.keyring to the publisher's current keys; if it is, use no image of this list",
		Breaks: "the base image cannot be verified", Command: "sudoedit /etc/wiabctl/wiabctl.yaml",
	}
	ImageLost = change.Kind{
		ID: "image-lost", Exit: 79,
		Means:  "the base image that the disks stand on is gone, and its like cannot be downloaded any more",
		Advice: "put that very image back, from a backup or another host: the VMs' disks stand on it; where no VM is left, `wiabctl down` forgets it",
	}
	KeyUnusable = change.Kind{
		ID: "key-unusable", Exit: 58,
		Means:  "an SSH key that wiabctl keeps cannot be used",
		Advice: "restore the key file from a backup, or move it away to have a new one made where no VM uses it yet",
		Breaks: "wiabctl cannot log in on the VMs or this host", Command: "ls -l /var/lib/wiabctl/keys",
	}
)

// Kinds lists the failures of this package.
func Kinds() []change.Kind {
	return []change.Kind{ArtifactDigest, DigestChanged, DigestUnknown, CacheBusy, BundleUnusable, DownloadFailed, ArtifactForeign, ArtifactIncomplete, ArtifactOutdated, ArtifactUnknown, RepositoryKey, ArtifactUnsafe, ArtifactCorrupt, NoSpace, CarryUnsafe, ImageUnusable, ImageInUse, ImageSums, ImageSignature, ImageLost, KeyUnusable}
}
