package cluster

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"wiabctl/provision/change"
)

// imagesFile notes, in each version of the artifact, which images of docker's are its
// own; wiab/tools writes it.
const imagesFile = "wiab/images"

// image is what our loads did to an image of docker's.
type image struct {
	loaded bool     // one of them brought it
	names  []string // those that they gave it
}

var imageLine = regexp.MustCompile(`^[a-z]+ (sha256:[0-9a-f]{64}) (loaded|found) ?(\S*)$`)

// parseImages reads what several versions noted, by the images' ids. An image that a
// later version found was loaded by an earlier one, if any says so.
func parseImages(notes string) map[string]image {
	all := map[string]image{}
	for line := range strings.Lines(notes) {
		found := imageLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if found == nil {
			continue
		}
		i := all[found[1]]
		i.loaded = i.loaded || found[2] == "loaded"
		if found[3] != "" {
			i.names = append(i.names, found[3])
		}
		all[found[1]] = i
	}
	return all
}

// unload is what takes our part of an image away: its id or names for `docker rmi`, with
// which the image goes if it is ours and nobody gave it another name meanwhile. Tags
// are all names that it has now; what lost its name to another image keeps it not.
func (i image) unload(id string, tags []string) []string {
	var ours, others []string
	for _, tag := range tags {
		if slices.Contains(i.names, tag) {
			ours = append(ours, tag)
		} else {
			others = append(others, tag)
		}
	}
	switch {
	case i.loaded && len(tags) == 0:
		return []string{id}
	case i.loaded || len(others) > 0:
		return ours
	}
	return nil // somebody else's, and our name is its last: without it, it would go
}

// planImages takes the images away that our jobs loaded, with the containers that
// upstream's scripts left of them.
func (o Offline) planImages(ctx context.Context) ([]change.Change, error) {
	dirs, err := o.Versions()
	if err != nil || len(dirs) == 0 {
		return nil, err
	}
	notes, err := o.Admin.Run(ctx, append([]string{"sh", "-c", `for dir; do if [ -e "$dir/` + imagesFile + `" ]; then cat "$dir/` + imagesFile + `"; fi; done`, "sh"}, dirs...)...)
	if err != nil {
		return nil, err
	}
	noted := parseImages(string(notes))
	if len(noted) == 0 {
		return nil, nil
	}
	there, err := o.dockerImages(ctx)
	if err != nil {
		return nil, err
	}
	var changes []change.Change
	for _, id := range slices.Sorted(maps.Keys(noted)) {
		tags, ok := there[id]
		if unload := noted[id].unload(id, tags); ok && len(unload) > 0 {
			if len(unload) >= len(tags) { // the image goes, and with it what was made of it
				containers, err := o.planContainers(ctx, id)
				if err != nil {
					return nil, err
				}
				changes = append(changes, containers...)
			}
			changes = append(changes, o.deletion("image "+strings.Join(unload, ", "), "it was loaded from the artifact", append([]string{"docker", "rmi"}, unload...)...))
		}
	}
	return changes, nil
}

// planContainers takes the containers away that were made of an image. Those of an image that somebody made of it
// are somebody's, and docker's filter has them too.
func (o Offline) planContainers(ctx context.Context, id string) ([]change.Change, error) {
	descendants, err := firstWords(ctx, o.Admin, "sudo", "docker", "ps", "--all", "--quiet", "--filter", "ancestor="+id)
	if err != nil || len(descendants) == 0 {
		return nil, err
	}
	images, err := firstWords(ctx, o.Admin, slices.Concat([]string{"sudo", "docker", "inspect", "--type=container", "--format={{.Image}}"}, descendants)...)
	if err != nil {
		return nil, err
	}
	var changes []change.Change
	for i, container := range descendants {
		if i < len(images) && images[i] == id {
			changes = append(changes, o.deletion("container "+container, "it was made of an image of the artifact", "docker", "rm", "--force", container))
		}
	}
	return changes, nil
}

// dockerImages are the names of all images that docker has, by id.
func (o Offline) dockerImages(ctx context.Context) (map[string][]string, error) {
	out, err := o.Admin.Run(ctx, "sudo", "docker", "images", "--all", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}")
	if err != nil {
		return nil, err
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		id, tag, _ := strings.Cut(strings.TrimSpace(line), " ")
		tags := all[id]
		if !strings.Contains(tag, "<none>") {
			tags = append(tags, tag)
		}
		all[id] = tags
	}
	return all, nil
}
