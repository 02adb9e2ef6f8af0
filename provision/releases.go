package provision

import "wiabctl/assets"

// KnownReleases are the oldest and the newest release of wire-server that wiabctl knows, as "5.25".
func KnownReleases() (oldest, newest string) { return assets.KnownReleases() }
