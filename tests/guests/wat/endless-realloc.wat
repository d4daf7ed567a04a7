;; A command that computes for ever when the host asks it for room for its arguments.
(component
  (import "wasi:cli/environment@0.2.0" (instance $environment
    (export "get-arguments" (func (result (list string))))))
  (core module $memory
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (loop $again (br $again)) (unreachable)))
  (core instance $mem (instantiate $memory))
  (core func $get-arguments (canon lower (func $environment "get-arguments")
    (memory $mem "memory") (realloc (func $mem "realloc"))))
  (core module $main
    (import "host" "get-arguments" (func $get-arguments (param i32)))
    (func (export "run") (result i32) (call $get-arguments (i32.const 0)) (i32.const 0)))
  (core instance $program (instantiate $main
    (with "host" (instance (export "get-arguments" (func $get-arguments))))))
  (func $run (result (result)) (canon lift (core func $program "run")))
  (instance $command (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $command)))
