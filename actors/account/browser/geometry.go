package browser

import "math"

// point is a place in a viewport, in CSS pixels.
type point struct{ x, y float64 }

// quad is a rectangle as it lies in a viewport, perhaps turned or slanted: its corners in order, from the top left.
type quad [4]point

// quadOf reads a quad as the DevTools protocol writes it.
func quadOf(q []float64) (quad, bool) {
	if len(q) != 8 {
		return quad{}, false
	}
	return quad{{q[0], q[1]}, {q[2], q[3]}, {q[4], q[5]}, {q[6], q[7]}}, true
}

// at is the point at these parts of the way along its sides: (0.5, 0.5) is the middle.
func (q quad) at(u, v float64) point {
	top := point{q[0].x + (q[1].x-q[0].x)*u, q[0].y + (q[1].y-q[0].y)*u}
	bottom := point{q[3].x + (q[2].x-q[3].x)*u, q[3].y + (q[2].y-q[3].y)*u}
	return point{top.x + (bottom.x-top.x)*v, top.y + (bottom.y-top.y)*v}
}

// area is its area in square pixels.
func (q quad) area() float64 {
	sum := 0.0
	for n, p := range q {
		next := q[(n+1)%4]
		sum += p.x*next.y - next.x*p.y
	}
	return math.Abs(sum) / 2
}

// bounds is the upright rectangle around it.
func (q quad) bounds() (least, most point) {
	least, most = q[0], q[0]
	for _, p := range q[1:] {
		least = point{min(least.x, p.x), min(least.y, p.y)}
		most = point{max(most.x, p.x), max(most.y, p.y)}
	}
	return least, most
}

// view turns points of a frame's viewport into points of the page's: scaled, turned, slanted and moved.
type view struct{ xx, xy, yx, yy, x, y float64 }

// same is the view of the page itself.
var same = view{xx: 1, yy: 1}

// viewOf is the view of a frame of that size whose contents lie at q.
func viewOf(q quad, width, height float64) (view, bool) {
	v := view{
		xx: (q[1].x - q[0].x) / width, xy: (q[3].x - q[0].x) / height, x: q[0].x,
		yx: (q[1].y - q[0].y) / width, yy: (q[3].y - q[0].y) / height, y: q[0].y,
	}
	return v, width > 0 && height > 0 && v.size() != 0
}

// size is by how much it enlarges areas; 0 means that nothing is left of the frame.
func (v view) size() float64 { return v.xx*v.yy - v.xy*v.yx }

// out turns a point of the frame into one of the page.
func (v view) out(p point) point {
	return point{v.xx*p.x + v.xy*p.y + v.x, v.yx*p.x + v.yy*p.y + v.y}
}

// in turns a point of the page into one of the frame.
func (v view) in(p point) point {
	dx, dy := p.x-v.x, p.y-v.y
	return point{(v.yy*dx - v.xy*dy) / v.size(), (v.xx*dy - v.yx*dx) / v.size()}
}

// within is the view of a frame whose view into the frame around it is inner, where v is that one's.
func (v view) within(inner view) view {
	origin := v.out(point{inner.x, inner.y})
	return view{
		xx: v.xx*inner.xx + v.xy*inner.yx, xy: v.xx*inner.xy + v.xy*inner.yy, x: origin.x,
		yx: v.yx*inner.xx + v.yy*inner.yx, yy: v.yx*inner.xy + v.yy*inner.yy, y: origin.y,
	}
}
