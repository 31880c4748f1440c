package people

// Sweep is what the actor tells itself from time to time.
var Sweep any = sweep{}
