package cmd

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"wiabctl/provision"
)

// redraw is how often the time that passes is shown.
const redraw = 250 * time.Millisecond

// liveView shows a recorded run on a terminal: what is planned and done in lines that stay,
// and below them how far each stage is, drawn again and again.
type liveView struct {
	terminal terminal
	plain    *plainView
	end      chan struct{}

	mu    sync.Mutex
	live  live
	drawn []int // the widths of the rows that are there now
}

// liveViewOf is the view for a terminal that can move its cursor.
func liveViewOf(out *os.File, t terminal) *liveView {
	return &liveView{terminal: t, plain: newPlainView(out)}
}

func (v *liveView) show(e provision.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch e.Kind {
	case provision.RunBegun:
		v.end = make(chan struct{})
		go v.tick(v.end)
	case provision.RunEnded:
		v.erase()
		close(v.end)
		v.end = nil
	default:
		v.live.take(e)
		v.erase()
		if stays(e) || v.end == nil {
			v.plain.show(e)
		}
		if v.end != nil {
			v.draw()
		}
	}
}

// stays tells whether people want to see later what happened.
func stays(e provision.Event) bool {
	switch e.Kind {
	case provision.ChangeBegun, provision.Progressed, provision.ChangeMade:
		return false
	case provision.StageDone:
		return e.Changes > 0
	default:
		return true
	}
}

// tick draws until the run ends.
func (v *liveView) tick(end chan struct{}) {
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	for {
		select {
		case <-end:
			return
		case <-tick.C:
		}
		v.mu.Lock()
		if v.end == end && len(v.drawn) > 0 {
			v.erase()
			v.draw()
		}
		v.mu.Unlock()
	}
}

// size is the terminal's; of one that does not tell it the usual one.
func (v *liveView) size() (width, height int, err error) {
	size, err := v.terminal.size()
	if size.Width <= 0 || size.Height <= 0 {
		return 80, 24, err
	}
	return size.Width, size.Height, err
}

// draw puts the rows below all that was said.
func (v *liveView) draw() {
	width, height, err := v.size()
	if err != nil {
		return // it has gone
	}
	now := time.Now()
	bare := v.live.rows(now, width-1, height-2, palette{})
	painted := v.live.rows(now, width-1, height-2, v.plain.paint)
	for i, row := range painted {
		fmt.Fprintf(v.plain.out, "%s\n", row)
		v.drawn = append(v.drawn, utf8.RuneCountInString(bare[i]))
	}
}

// erase takes the rows away. A terminal that became narrower has broken them into more.
func (v *liveView) erase() {
	wide, _, err := v.size()
	if err != nil || len(v.drawn) == 0 {
		v.drawn = nil
		return
	}
	lines := 0
	for _, width := range v.drawn {
		lines += max(1, (width+wide-1)/wide)
	}
	fmt.Fprintf(v.plain.out, "\r%s\x1b[J", strings.Repeat("\x1b[A", lines))
	v.drawn = nil
}
