;; A command that needs a WASI interface of a version that is not out: 0.9 shares nothing with 0.2.
(component
  (import "wasi:random/random@0.9.0" (instance $random
    (export "get-random-u64" (func (result u64)))))
  (core func $get (canon lower (func $random "get-random-u64")))
  (core module $main
    (import "host" "get" (func $get (result i64)))
    (func (export "run") (result i32)
      (drop (call $get))
      (i32.const 0)))
  (core instance $program (instantiate $main (with "host" (instance (export "get" (func $get))))))
  (func $run (result (result)) (canon lift (core func $program "run")))
  (instance $cli-run (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $cli-run)))
