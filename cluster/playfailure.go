package cluster

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// playFailure is a task that failed on a host, for one item if it has several.
type playFailure struct {
	play, task  string
	number      int // of the task in its playbook, from 0
	host, item  string
	unreachable bool
	message     string
}

// What is shown of failures at most.
const (
	failuresShown = 5
	messageShown  = 400 // bytes
)

// describeFailures gives each a line; hosts and items that failed alike share one.
func describeFailures(failures []playFailure) string {
	var lines []string
	for len(failures) > 0 && len(lines) < failuresShown {
		first := failures[0]
		alike := func(f playFailure) bool {
			return f.number == first.number && f.message == first.message && f.unreachable == first.unreachable
		}
		var hosts, items []string
		for _, f := range failures {
			if alike(f) {
				hosts = append(hosts, f.host)
				items = append(items, f.item)
			}
		}
		failures = slices.DeleteFunc(slices.Clone(failures), alike)
		lines = append(lines, first.describe(hosts, items))
	}
	if len(failures) > 0 {
		lines = append(lines, fmt.Sprintf("and %d more failures", len(failures)))
	}
	return strings.Join(lines, "\n")
}

func (f playFailure) describe(hosts, items []string) string {
	where := strings.Join(distinct(hosts), ", ")
	if items := distinct(items); len(items) > 0 {
		where += fmt.Sprintf(" (item %s)", shorten(strings.Join(items, ", ")))
	}
	if f.unreachable {
		where += ", which cannot be reached"
	}
	return fmt.Sprintf("play %q, task %q, on %s: %s", f.play, f.task, where, f.message)
}

// distinct are the texts in order, each once, without empty ones.
func distinct(texts []string) []string {
	slices.Sort(texts)
	return slices.DeleteFunc(slices.Compact(texts), func(text string) bool { return text == "" })
}

// resultMessage finds in a task's result what a person wants to know of its failure.
func resultMessage(text string) string {
	result := map[string]any{}
	if json.Unmarshal([]byte(text), &result) != nil {
		_, rest, _ := strings.Cut(text, "\n") // before YAML the first line is empty, or changed=false
		if yaml.Unmarshal([]byte(rest), &result) != nil || len(result) == 0 {
			result = torn(text)
		}
	}
	if _, hidden := result["censored"]; hidden {
		return "its result is hidden (no_log)"
	}
	message := paragraph(words(result["msg"]))
	if said := complaint(result); said != "" && vague(message) {
		message = said
	}
	if message == "" {
		message = paragraph(words(result["reason"]))
	}
	if rc := paragraph(words(result["rc"])); rc != "" && rc != "0" {
		message += " (exit status " + rc + ")"
	}
	if message == "" {
		message = paragraph(text)
	}
	return message
}

// vague tells whether a module's message says no more than that something failed.
func vague(message string) bool {
	return message == "" || message == "non-zero return code" || strings.HasPrefix(message, "MODULE FAILURE")
}

// complaint is the end of what the program said, best on its standard error.
func complaint(result map[string]any) string {
	for _, stream := range []string{"stderr", "module_stderr", "exception", "stdout", "module_stdout"} {
		said := strings.TrimSpace(words(result[stream]))
		if said == "" {
			continue
		}
		lines := strings.Split(said, "\n")
		shown := 3
		if strings.HasPrefix(said, "Traceback ") {
			shown = 1 // the exception itself
		}
		return shorten(strings.Join(lines[max(0, len(lines)-shown):], " | "))
	}
	return ""
}

// tornField is a field of a result that was cut off.
var tornField = regexp.MustCompile(`(?m)"(msg|stderr|module_stderr)": ("(?:[^"\\]|\\.)*")|^\s*(msg|stderr): (.+)$`)

// torn is what can be read of a result that is not whole.
func torn(text string) map[string]any {
	result := map[string]any{}
	for _, found := range tornField.FindAllStringSubmatch(text, -1) {
		var value string
		if json.Unmarshal([]byte(found[2]), &value) == nil {
			result[found[1]] = value
		} else if found[3] != "" {
			result[found[3]] = found[4]
		}
	}
	return result
}

// words is a value as text: lists have a line for each element.
func words(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case []any:
		var lines []string
		for _, element := range v {
			lines = append(lines, words(element))
		}
		return strings.Join(lines, "\n")
	default:
		return fmt.Sprint(v)
	}
}

// paragraph is a text's first paragraph in one line.
func paragraph(text string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n\n")
	return shorten(strings.Join(strings.Fields(first), " "))
}

// shorten cuts a text that is too long to be shown.
func shorten(text string) string {
	if len(text) <= messageShown {
		return text
	}
	return strings.ToValidUTF8(text[:messageShown], "") + "..."
}
