package provision

import "slices"

// StageNames are the names of all stages, in their order.
func StageNames() []string {
	var config Config
	config.complete()
	var names []string
	for _, step := range Open(config, nil).Steps() {
		names = append(names, step.Name())
	}
	return names
}

// only are the steps of these names. Each stands after those that it stood after before,
// also where that was by way of steps that are left out.
func only(steps []Step, names []string) []Step {
	byName := map[string]Step{}
	for _, step := range steps {
		byName[step.Name()] = step
	}
	var after func(Step) []string
	after = func(step Step) (all []string) {
		for _, before := range step.After {
			if slices.Contains(names, before) {
				all = append(all, before)
			} else {
				all = append(all, after(byName[before])...)
			}
		}
		return all
	}
	var some []Step
	for _, step := range steps {
		if slices.Contains(names, step.Name()) {
			some = append(some, Step{step.Stage, after(step)})
		}
	}
	return some
}
