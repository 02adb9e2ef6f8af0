package provision_test

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
)

const (
	ours      = "wiabctl/"
	changePkg = "wiabctl/provision/change"
)

// walker follows errors from where they are returned to where they are made.
type walker struct {
	functions map[*ssa.Function]bool
	calls     map[*ssa.Function][]*ssa.CallCommon // static calls of a function
	stores    map[string][]ssa.Value              // what is stored in a field of a type
	closures  map[*ssa.Function][]*ssa.MakeClosure
	seen      map[ssa.Value]bool // follow was there
	filled    map[ssa.Value]bool // stored was there
	asked     map[string]bool    // returned has looked there
	found     map[string]bool
}

// walk reads the code of all stages.
func walk(t *testing.T) *walker {
	t.Helper()
	loaded, err := packages.Load(&packages.Config{Mode: packages.LoadSyntax, Dir: ".."}, "./assets", "./cluster", "./ingress", "./network", "./provision/...", "./vm")
	if err != nil || packages.PrintErrors(loaded) > 0 {
		t.Fatalf("the code cannot be read: %v", err)
	}
	code, _ := ssautil.Packages(loaded, ssa.InstantiateGenerics)
	code.Build()
	w := &walker{functions: map[*ssa.Function]bool{}, calls: map[*ssa.Function][]*ssa.CallCommon{}, stores: map[string][]ssa.Value{},
		closures: map[*ssa.Function][]*ssa.MakeClosure{}, seen: map[ssa.Value]bool{}, filled: map[ssa.Value]bool{}, asked: map[string]bool{}, found: map[string]bool{}}
	for f := range ssautil.AllFunctions(code) {
		if f.Pkg == nil || !strings.HasPrefix(f.Pkg.Pkg.Path(), ours) || f.Blocks == nil {
			continue
		}
		w.functions[f] = true
		for _, block := range f.Blocks {
			for _, instruction := range block.Instrs {
				w.index(instruction)
			}
		}
	}
	return w
}

func (w *walker) index(instruction ssa.Instruction) {
	switch i := instruction.(type) {
	case ssa.CallInstruction:
		if callee := i.Common().StaticCallee(); callee != nil {
			w.calls[callee] = append(w.calls[callee], i.Common())
		}
	case *ssa.MakeClosure:
		f := i.Fn.(*ssa.Function)
		w.closures[f] = append(w.closures[f], i)
	case *ssa.Store:
		if field, ok := i.Addr.(*ssa.FieldAddr); ok {
			w.stores[fieldOf(field.X.Type(), field.Field)] = append(w.stores[fieldOf(field.X.Type(), field.Field)], i.Val)
		}
	}
}

// fieldOf names a field of a struct, or of what points to one.
func fieldOf(of types.Type, n int) string {
	if pointer, ok := of.Underlying().(*types.Pointer); ok {
		of = pointer.Elem()
	}
	return fmt.Sprintf("%s.%s", of, of.Underlying().(*types.Struct).Field(n).Name())
}

// plans tells whether the function is one of those that a stage tells with what is to do.
func plans(f *ssa.Function) bool {
	out := f.Signature.Results()
	return out.Len() == 2 && out.At(0).Type().String() == "[]"+changePkg+".Change" && slices.Contains([]string{"Plan", "Remove", "RemoveButDisks", "Purge"}, f.Name())
}

// returned follows one result of a function.
func (w *walker) returned(f *ssa.Function, n int) {
	if f.Pkg == nil || f.Pkg.Pkg.Path() == changePkg {
		return // Failf and Warnf give ids
	}
	key := fmt.Sprintf("%p %d", f, n)
	if w.asked[key] {
		return
	}
	w.asked[key] = true
	for _, block := range f.Blocks {
		if last, ok := block.Instrs[len(block.Instrs)-1].(*ssa.Return); ok && n < len(last.Results) {
			w.follow(last.Results[n])
		}
	}
}

// arguments follows what is handed to a function in one place.
func (w *walker) arguments(f *ssa.Function, n int) {
	for _, call := range w.calls[f] {
		if n < len(call.Args) {
			w.follow(call.Args[n])
		}
	}
}

// call follows one result of whatever functions a value can be.
func (w *walker) call(callee ssa.Value, n int) {
	switch c := callee.(type) {
	case *ssa.Function:
		w.returned(c, n)
	case *ssa.MakeClosure:
		w.returned(c.Fn.(*ssa.Function), n)
	case *ssa.UnOp:
		if field, ok := c.X.(*ssa.FieldAddr); ok {
			for _, value := range w.stores[fieldOf(field.X.Type(), field.Field)] {
				w.call(value, n)
			}
		}
	case *ssa.Parameter:
		f := c.Parent()
		for _, call := range w.calls[f] {
			if at := slices.Index(f.Params, c); at < len(call.Args) {
				w.call(call.Args[at], n)
			}
		}
	}
}

// follow goes from an error to where it comes from.
func (w *walker) follow(value ssa.Value) {
	if w.seen[value] {
		return
	}
	w.seen[value] = true
	switch v := value.(type) {
	case *ssa.Phi:
		for _, edge := range v.Edges {
			w.follow(edge)
		}
	case *ssa.Extract:
		if call, ok := v.Tuple.(*ssa.Call); ok {
			w.result(call, v.Index)
		}
	case *ssa.Call:
		w.result(v, 0)
	case *ssa.MakeInterface:
		w.follow(v.X)
	case *ssa.ChangeInterface:
		w.follow(v.X)
	case *ssa.TypeAssert:
		w.follow(v.X)
	case *ssa.Slice:
		w.follow(v.X)
	case *ssa.UnOp:
		w.follow(v.X)
	case *ssa.Alloc, *ssa.MakeSlice:
		w.stored(v)
	case *ssa.FieldAddr:
		for _, stored := range w.stores[fieldOf(v.X.Type(), v.Field)] {
			w.follow(stored)
		}
	case *ssa.IndexAddr:
		w.follow(v.X)
	case *ssa.FreeVar:
		w.captured(v)
	case *ssa.Parameter:
		w.arguments(v.Parent(), slices.Index(v.Parent().Params, v))
	case *ssa.Global:
		if strings.HasPrefix(v.Pkg.Pkg.Path(), ours) && v.Type().String() == "*error" {
			w.found[v.Pkg.Pkg.Name()+"."+v.Name()] = true
		}
	}
}

// stored follows what is put into a variable, an array, or a struct that is an error.
func (w *walker) stored(variable ssa.Value) {
	if w.filled[variable] || variable.Referrers() == nil {
		return
	}
	w.filled[variable] = true
	for _, use := range *variable.Referrers() {
		switch u := use.(type) {
		case *ssa.Store:
			if u.Addr == variable {
				w.follow(u.Val)
			} else {
				w.stored(u.Addr) // a slice, which is reached by another name too
			}
		case *ssa.UnOp:
			if _, slice := u.Type().Underlying().(*types.Slice); slice {
				w.stored(u)
			}
		case *ssa.IndexAddr:
			w.stored(u)
		case *ssa.FieldAddr:
			w.stored(u)
		case *ssa.MakeClosure:
			for n, bound := range u.Bindings {
				if bound == variable {
					w.stored(u.Fn.(*ssa.Function).FreeVars[n])
				}
			}
		}
	}
}

// captured follows a variable of a function around this one.
func (w *walker) captured(v *ssa.FreeVar) {
	f := v.Parent()
	for _, closure := range w.closures[f] {
		w.follow(closure.Bindings[slices.Index(f.FreeVars, v)])
	}
}

// result follows one result of a call, or notes that an error is made there.
func (w *walker) result(call *ssa.Call, n int) {
	common := call.Common()
	if builtin, ok := common.Value.(*ssa.Builtin); ok {
		if builtin.Name() == "append" {
			for _, arg := range common.Args {
				w.follow(arg)
			}
		}
		return
	}
	if common.IsInvoke() {
		for f := range w.functions {
			if f.Signature.Recv() != nil && f.Name() == common.Method.Name() && types.Identical(f.Signature.Results(), common.Signature().Results()) {
				w.returned(f, n)
			}
		}
		return
	}
	callee := common.StaticCallee()
	switch {
	case callee == nil:
		w.call(common.Value, n)
	case callee.String() == "errors.New":
		w.made(call)
	case callee.String() == "errors.Join", callee.String() == changePkg+".Never":
		w.follow(common.Args[0])
	case callee.String() == "("+changePkg+".Condition).Await":
		w.awaited(common.Args[0])
	case callee.String() == "fmt.Errorf":
		if strings.Contains(text(common.Args[0]), "%w") {
			w.follow(common.Args[1])
		} else {
			w.made(call)
		}
	default:
		w.returned(callee, n)
	}
}

// awaited follows the last word of a wait, which is its check's.
func (w *walker) awaited(condition ssa.Value) {
	load, ok := condition.(*ssa.UnOp)
	if !ok {
		return
	}
	for _, use := range *load.X.Referrers() {
		if field, ok := use.(*ssa.FieldAddr); ok && fieldOf(field.X.Type(), field.Field) == changePkg+".Condition.Check" {
			for _, store := range *field.Referrers() {
				if s, ok := store.(*ssa.Store); ok {
					w.call(s.Val, 0)
				}
			}
		}
	}
}

// made notes an error that has no other beneath.
func (w *walker) made(call *ssa.Call) {
	f := call.Parent()
	for f.Parent() != nil {
		f = f.Parent()
	}
	w.found[fmt.Sprintf("%s: %s", strings.TrimPrefix(f.RelString(nil), ours), text(call.Common().Args[0]))] = true
}

// text is a constant's, or stands for what is computed.
func text(value ssa.Value) string {
	if c, ok := value.(*ssa.Const); ok && c.Value != nil && c.Value.Kind() == constant.String {
		return constant.StringVal(c.Value)
	}
	return "(computed)"
}

// kinds are the ids of all kinds of failures in the code, as they are stored in its field.
func (w *walker) kinds() []string {
	var ids []string
	for _, value := range w.stores[changePkg+".Kind.ID"] {
		ids = append(ids, text(value))
	}
	return ids
}

// swallowed are the failures made where an error is at hand that is not handed on.
func (w *walker) swallowed() map[string]bool {
	found := map[string]bool{}
	for f := range w.functions {
		for _, block := range f.Blocks {
			last, ok := block.Instrs[len(block.Instrs)-1].(*ssa.If)
			if !ok {
				continue
			}
			err := failing(last.Cond)
			if err == nil {
				continue
			}
			for _, failf := range made(f, block.Succs[0]) {
				if format := text(failf.Call.Args[1]); !strings.Contains(format, "%w") && !uses(err, block.Succs[0]) {
					found[strings.TrimPrefix(f.RelString(nil), ours)+": "+format] = true
				}
			}
		}
	}
	return found
}

// failing is the error that a condition finds not to be nil.
func failing(condition ssa.Value) ssa.Value {
	if is, ok := condition.(*ssa.BinOp); ok && is.Op == token.NEQ && is.X.Type().String() == "error" {
		return is.X
	}
	return nil
}

// made are the failures that are made in a block and those that it leads to alone.
func made(f *ssa.Function, from *ssa.BasicBlock) (all []*ssa.Call) {
	for _, block := range f.Blocks {
		if !from.Dominates(block) {
			continue
		}
		for _, instruction := range block.Instrs {
			if call, ok := instruction.(*ssa.Call); ok && call.Call.StaticCallee() != nil && call.Call.StaticCallee().String() == "("+changePkg+".Kind).Failf" {
				all = append(all, call)
			}
		}
	}
	return all
}

// uses tells whether a value is used in a block or those that it leads to alone.
func uses(value ssa.Value, from *ssa.BasicBlock) bool {
	return slices.ContainsFunc(*value.Referrers(), func(use ssa.Instruction) bool { return from.Dominates(use.Block()) })
}
