package ingress

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHolds(t *testing.T) {
	tests := map[string]struct {
		live string
		want any
		at   []string
	}{
		"equal":                     {`{"a": {"b": "c"}}`, Values{"a": Values{"b": "c"}}, nil},
		"more is there":             {`{"a": {"b": "c", "d": 1}, "e": 2}`, Values{"a": Values{"b": "c"}}, nil},
		"other value":               {`{"a": {"b": "x"}}`, Values{"a": Values{"b": "c"}}, []string{"a.b"}},
		"missing map":               {`{}`, Values{"a": Values{"b": "c", "d": "e"}}, []string{"a.b", "a.d"}},
		"a scalar for a map":        {`{"a": 1}`, Values{"a": Values{"b": "c"}}, []string{"a.b"}},
		"null wanted, absent":       {`{"a": {}}`, Values{"a": Values{"b": nil}}, nil},
		"null wanted, null":         {`{"a": {"b": null}}`, Values{"a": Values{"b": nil}}, nil},
		"null wanted, there":        {`{"a": {"b": "c"}}`, Values{"a": Values{"b": nil}}, []string{"a.b"}},
		"null wanted, nothing":      {`null`, Values{"a": Values{"b": nil}}, nil},
		"list equal":                {`{"a": ["x", "y"]}`, Values{"a": []string{"x", "y"}}, nil},
		"list longer":               {`{"a": ["x", "y"]}`, Values{"a": []string{"x"}}, []string{"a"}},
		"list in another order":     {`{"a": ["y", "x"]}`, Values{"a": []string{"x", "y"}}, []string{"a"}},
		"numbers of different type": {`{"a": 9000}`, Values{"a": int64(9000)}, nil},
		"a text is no truth":        {`{"a": true}`, Values{"a": "true"}, []string{"a"}},
		"a text is no number":       {`{"a": "1"}`, Values{"a": 1}, []string{"a"}},
		"keys with dots":            {`{}`, Values{"m": Values{"red.example.com": "x"}}, []string{`m["red.example.com"]`}},
		"empty map wanted":          {`{}`, Values{"a": Values{}}, []string{"a"}},
		"all in order":              {`{}`, Values{"b": 1, "a": 1, "c": 1}, []string{"a", "b", "c"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var live any
			if err := json.Unmarshal([]byte(test.live), &live); err != nil {
				t.Fatal(err)
			}
			got, err := Holds(live, test.want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.at, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHoldsNoticesWhatTheScriptTakesAway(t *testing.T) {
	s := threeDomains()
	overlay := WireServerOverlay(s.Set(true), anArtifact(t))
	single := Values{
		"galley":    Values{"config": Values{"settings": Values{"conversationCodeURI": "https://account.green.example.org/conversation-join/"}}},
		"cargohold": Values{"config": Values{"aws": Values{"s3DownloadEndpoint": "https://assets.green.example.org"}}},
	}
	paths, err := Holds(single, overlay)
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 10 {
		t.Errorf("only %v", paths)
	}
	if paths, err := Holds(overlay, overlay); err != nil || len(paths) > 0 {
		t.Errorf("an overlay differs from itself: %v, %v", paths, err)
	}
}
