package cmd

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// page is one Markdown file of the documentation.
type page struct {
	path   string // from the repository's root
	source []byte
	root   ast.Node
}

// fence is a fenced block of code, from this line on.
type fence struct {
	info, content string
	line          int
}

// documentation is the README and every page below docs.
func documentation(t *testing.T) map[string]page {
	t.Helper()
	paths := []string{"README.md", "CHANGELOG.md"}
	err := filepath.WalkDir("../docs", func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" {
			paths = append(paths, strings.TrimPrefix(path, "../"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]page{}
	markdown := goldmark.New(goldmark.WithExtensions(extension.Table))
	for _, path := range paths {
		source, err := os.ReadFile(filepath.Join("..", path))
		if err != nil {
			t.Fatal(err)
		}
		all[path] = page{path, source, markdown.Parser().Parse(text.NewReader(source))}
	}
	return all
}

// each calls visit for every node of the kind, once.
func (p page) each(kind ast.NodeKind, visit func(ast.Node)) {
	_ = ast.Walk(p.root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering && n.Kind() == kind {
			visit(n)
		}
		return ast.WalkContinue, nil
	})
}

// fences are the page's, with the language that they say they are in.
func (p page) fences(language string) []fence {
	var all []fence
	p.each(ast.KindFencedCodeBlock, func(n ast.Node) {
		block := n.(*ast.FencedCodeBlock)
		if block.Info == nil || string(block.Language(p.source)) != language || block.Lines().Len() == 0 {
			return
		}
		first := block.Lines().At(0).Start
		all = append(all, fence{string(block.Info.Value(p.source)), string(block.Lines().Value(p.source)), 1 + strings.Count(string(p.source[:first]), "\n")})
	})
	return all
}

// spans are the pieces of code within the page's text.
func (p page) spans() []string {
	var all []string
	p.each(ast.KindCodeSpan, func(n ast.Node) { all = append(all, plainText(n, p.source)) })
	return all
}

// links are where the page leads to.
func (p page) links() []string {
	var all []string
	p.each(ast.KindLink, func(n ast.Node) { all = append(all, string(n.(*ast.Link).Destination)) })
	p.each(ast.KindImage, func(n ast.Node) { all = append(all, string(n.(*ast.Image).Destination)) })
	return all
}

var (
	anchor     = regexp.MustCompile(`<a id="([^"]+)">`)
	notInSlugs = regexp.MustCompile(`[^\p{L}\p{N}\p{M}_ -]`)
)

// anchors are the places in the page that a link can lead to: its headings, as GitHub
// names them, and those that are written out.
func (p page) anchors() map[string]bool {
	all := map[string]bool{}
	p.each(ast.KindHeading, func(n ast.Node) {
		slug := notInSlugs.ReplaceAllString(strings.ToLower(plainText(n, p.source)), "")
		all[strings.ReplaceAll(slug, " ", "-")] = true
	})
	for _, match := range anchor.FindAllSubmatch(p.source, -1) {
		all[string(match[1])] = true
	}
	return all
}

// plainText is a node's text without its marks.
func plainText(n ast.Node, source []byte) string {
	var out strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if text, ok := n.(*ast.Text); ok && entering {
			out.Write(text.Value(source))
			if text.SoftLineBreak() {
				out.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return out.String()
}
