;; A command that asks for the time for ever: it calls the host all the while, and never waits.
(component
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock (export "now" (func (result u64)))))
  (core func $now (canon lower (func $clock "now")))
  (core module $main
    (import "host" "now" (func $now (result i64)))
    (func (export "run") (result i32)
      (loop $again (drop (call $now)) (br $again))
      (i32.const 0)))
  (core instance $program (instantiate $main (with "host" (instance (export "now" (func $now))))))
  (func $run (result (result)) (canon lift (core func $program "run")))
  (instance $command (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $command)))
